import { ScrollRegion } from '../scrollRegion.tsx';

const LINES = `from safetensors.torch import save_file
save_file(model.state_dict(), "weights.safetensors")
save_file({"x": x, "y": y}, "data.safetensors")`;

/** How what PyTorch has becomes files that the page takes. */
export function ExportHelp() {
  return (
    <section class="card export-help" aria-labelledby="export-title">
      <h2 id="export-title">From PyTorch, in three lines</h2>
      <ScrollRegion label="Python" look="command-text">
        <pre>
          <code>{LINES}</code>
        </pre>
      </ScrollRegion>
      <p>
        <code>x</code> float32 or uint8 examples, images as [N, C, H, W]; <code>y</code> integer labels.
        Beside them a <a href="./docs/data.html#modeljson">model.json</a>: the layers of the{' '}
        <code>nn.Sequential</code>, by PyTorch’s names. <code>.npz</code>, IDX and CIFAR-10 files are{' '}
        <a href="./docs/data.html">data</a> too.
      </p>
      <p>
        <strong>Nothing leaves this machine:</strong> the files are read by the page and measured on this
        adapter, and the page asks no other server for anything.
      </p>
    </section>
  );
}
