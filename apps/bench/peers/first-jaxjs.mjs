// The first Jacobian of a process: [2, cos 1].
import { defaultDevice, init, jvp, numpy as np } from '@jax-js/jax';

await init('wasm');
defaultDevice('wasm');
const one = () => np.array(1, { dtype: np.float32 });
const [y, slope] = jvp((x) => np.stack([np.square(x.ref), np.sin(x)]), [one()], [one()]);
y.dispose();
console.log(JSON.stringify([...slope.dataSync()]));
process.exit(0);
