import { useState } from 'preact/hooks';
import type { FilesSession } from './filesSession.ts';
import { ACTIVATIONS, type Activation, modelOf, type ToldModel, toldModel } from './proposeModel.ts';

/** Where weights are given without a model: what their tensors tell of it, and what is to be chosen. */
export function ModelProposal({ session }: { session: FilesSession }) {
  const [activation, setActivation] = useState('');
  const [loss, setLoss] = useState('');
  const weights = session.given.find((file) => file.is === 'weights');
  if (session.model !== undefined || weights?.is !== 'weights') return null;
  const { told, reason } = readModel(weights.tensors, weights.weights[0]?.prefix ?? '');
  if (!told) return <p class="hint">No model.json yet, and the checkpoint leaves it open. {reason}</p>;
  const isAsked = told.open.some((index) => index > 0);
  const layers = told.told.map(
    ({ index, layer }) =>
      `${index} ${layer.type} ${layer.type === 'Linear' ? `${layer.in_features} → ${layer.out_features}` : layer.num_features}`,
  );
  return (
    <fieldset class="proposal">
      <legend>No model.json? Of {weights.name}</legend>
      <p class="hint">{layers.join(', ')}. What has no tensors is yours to say.</p>
      {isAsked && (
        <div class="field">
          <label for="setting-activation">Between them</label>
          <select
            id="setting-activation"
            value={activation}
            onInput={({ currentTarget }) => setActivation(currentTarget.value)}
          >
            <option value="">choose …</option>
            {ACTIVATIONS.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </div>
      )}
      <div class="field">
        <label for="setting-loss">Loss</label>
        <select id="setting-loss" value={loss} onInput={({ currentTarget }) => setLoss(currentTarget.value)}>
          <option value="">choose …</option>
          <option>cross_entropy</option>
          <option>mse</option>
        </select>
      </div>
      <button
        type="button"
        disabled={loss === '' || (isAsked && activation === '')}
        onClick={() => {
          const model = modelOf(told, activation as Activation, loss as 'cross_entropy' | 'mse');
          void session.take([new File([`${JSON.stringify(model, null, 1)}\n`], 'model.json')], {
            made: true,
          });
        }}
      >
        Take this model
      </button>
    </fieldset>
  );
}

function readModel(
  tensors: Parameters<typeof toldModel>[0],
  prefix: string,
): { told: ToldModel; reason?: undefined } | { told?: undefined; reason: string } {
  const own = tensors.flatMap(({ name, shape }) =>
    name.startsWith(prefix) ? [{ name: name.slice(prefix.length), shape }] : [],
  );
  // Averages are beside the weights, by the same names.
  const plain = own.filter(({ name }) => !/^(swa|ema|lawa|swag|swagVariance)\./.test(name));
  try {
    return { told: toldModel(plain) };
  } catch (error) {
    return { reason: (error as Error).message };
  }
}
