import { formatRange } from '../../present/formatInterval.ts';
import { formatNumber } from '../../present/formatNumber.ts';
import { Formula } from '../formula.tsx';
import type { Card, CardGroup } from './cards.ts';

/** Numbers that belong together. */
export function CardGroupView({ group: { title, cards } }: { group: CardGroup }) {
  return (
    <section class="numbers-group" aria-label={title}>
      <h3>{title}</h3>
      <ul class="number-cards">
        {cards.map((card) => (
          <CardView key={card.key} card={card} />
        ))}
      </ul>
    </section>
  );
}

/** A number with its error, its interval and what it says; where the interval is open, that stands in the number’s place. */
function CardView({ card }: { card: Card }) {
  const { key, symbol, name, value, unit, stderr, interval, meaning, href } = card;
  const isOpen = interval?.includes(null);
  const number = (
    <>
      {formatNumber(value)}
      {typeof stderr === 'number' && ` ± ${formatNumber(stderr, 2)}`}
    </>
  );
  return (
    <li class="number-card" data-key={key} data-value={value ?? ''}>
      <h4>
        <Formula text={symbol} /> <span class="name">{name}</span>
      </h4>
      <p class="value">
        {isOpen ? formatRange(interval!) : number}
        {unit !== undefined && (value !== null || isOpen) && <span class="unit"> {unit}</span>}
      </p>
      {interval !== undefined && (
        <p class="interval">
          {interval === null ? (
            value === null ? (
              'not to be had: the warnings say why'
            ) : (
              'no interval'
            )
          ) : isOpen ? (
            <>estimate {number}</>
          ) : (
            `95 %: ${formatRange(interval)}`
          )}
        </p>
      )}
      <p class="meaning">
        <Formula text={meaning} />{' '}
        <a href={href} aria-label={`More of ${name}`}>
          More
        </a>
      </p>
    </li>
  );
}
