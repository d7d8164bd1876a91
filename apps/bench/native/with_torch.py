"""PyTorch on the CPU: torch.func (functorch in 1.13), torch.autograd, and Jacobians compiled where that works.

Option threads: 1, or all.
"""

import warnings

import torch
from harness import Idiom, Input, bands_of, job_words, main, three_seeds

try:
    from torch.func import grad, hessian, jacfwd, jacrev, jvp, vmap
    from torch.fx.experimental.proxy_tensor import make_fx
except ImportError:
    from functorch import grad, hessian, jacfwd, jacrev, jvp, make_fx, vmap

warnings.filterwarnings("ignore")
job = job_words()
if job["threads"] != "all":
    torch.set_num_threads(int(job["threads"]))
dtype = getattr(torch, job["dtype"])
data = Input(job["input"])
WEIGHTS = ("W1", "b1", "W2", "b2", "W3", "b3")


def tensor(name):
    return torch.tensor(data.arrays[name], dtype=dtype)


def tensors(*names):
    return [tensor(name) for name in names]


def evaluated(f, *args, in_order=None):
    """Calls f and takes the results to NumPy."""

    def call():
        result = f(*args)
        return [t.detach().numpy() for t in (result if isinstance(result, (tuple, list)) else (result,))]

    return Idiom(call, in_order)


def traced(f):
    """f traced by make_fx and TorchScript, at the first call: the nearest to a jit in 1.13."""
    compiled = []

    def call(*now):
        if not compiled:
            script = torch.jit.trace(make_fx(f)(*now), now, check_trace=False)
            compiled.append(torch.jit.freeze(script.eval()))
        return compiled[0](*now)

    return call


def idioms_of(*args, in_order=None, **named):
    """name=function of args, each as it is and traced; torch.compile where this version has it."""
    table = {}
    for name, g in named.items():
        table[name] = lambda g=g: evaluated(g, *args, in_order=in_order)
        table[f"{name} traced"] = lambda g=g: evaluated(traced(g), *args, in_order=in_order)
        if hasattr(torch, "compile"):
            table[f"{name} compiled"] = lambda g=g: evaluated(torch.compile(g), *args, in_order=in_order)
    return table


def of_vector(f, x):
    return idioms_of(x, jacrev=jacrev(f), jacfwd=jacfwd(f))


def rows(f, x, m):
    """One forward pass; then rows of ∂Σ_b y[b, i]/∂x, one after the other or as a batch of cotangents."""

    def loop():
        source = x.detach().requires_grad_()
        y = f(source)
        each = [torch.autograd.grad(y[:, i].sum(), source, retain_graph=i < m - 1)[0] for i in range(m)]
        return torch.stack(each, 1)

    def batched():
        source = x.detach().requires_grad_()
        y = f(source)
        basis = torch.eye(m, dtype=dtype)[:, None, :].expand(m, y.shape[0], m)
        (g,) = torch.autograd.grad(y, source, basis, is_grads_batched=True)
        return g.transpose(0, 1).contiguous()

    return {"autograd loop": lambda: evaluated(loop), "autograd batched": lambda: evaluated(batched)}


def mlp(x, W1, b1, W2, b2, W3, b3):
    return torch.tanh(torch.tanh(x @ W1 + b1) @ W2 + b2) @ W3 + b3


def seed3():
    x, W1, b1, W2, b2 = tensors("x", "W1", "b1", "W2", "b2")
    elu, eps = torch.nn.functional.elu, data.number("eps")

    def f(x):
        h = elu(x @ W1 + b1)
        c = h - h.mean(0, keepdim=True)
        return elu(c / torch.sqrt((c * c).mean(0, keepdim=True) + eps) @ W2 + b2)

    summed = jacrev(lambda x: f(x).sum(0))
    return {**rows(f, x, 6), **idioms_of(x, jacrev=lambda x: summed(x).transpose(0, 1).contiguous())}


def arm():
    K0, K1, K2, flange, q = tensors("K0", "K1", "K2", "F", "q")

    def f(q):  # one configuration or many
        joints = K0 + torch.cos(q)[..., None, None] * K1 + torch.sin(q)[..., None, None] * K2
        pose = joints[..., 0, :, :]
        for i in range(1, 7):
            pose = pose @ joints[..., i, :, :]
        pose = pose @ flange
        return torch.cat([pose[..., :3, 3], pose[..., :3, :3].reshape(*q.shape[:-1], 9)], -1)

    if data.n == 1:
        return of_vector(f, q[0])
    return {**rows(f, q, 12), **idioms_of(q, vmap=vmap(jacrev(f)))}


def mlp_batch():
    x, p = tensor("x"), tensors(*WEIGHTS)
    f = lambda x: mlp(x, *p)
    return {**rows(f, x, 32), **idioms_of(x, vmap=vmap(jacrev(f)))}


def mlp_params():
    x, p = tensor("x"), tensors(*WEIGHTS)
    J = jacrev(mlp, argnums=(1, 2, 3, 4, 5, 6))
    if data.n > 1:
        return idioms_of(x, *p, vmap=vmap(J, in_dims=(0, *[None] * 6)))
    return idioms_of(x[0], *p, jacrev=J)


def burgers_function():
    c1, c2 = data.number("c1"), data.number("c2")

    def f(u):
        right, left = torch.roll(u, -1, -1), torch.roll(u, 1, -1)
        return -c1 * u * (right - left) + c2 * (right + left - 2 * u)

    return f


def burgers_sparse():
    f, u, V = burgers_function(), tensor("u"), torch.tensor(three_seeds(data.n), dtype=dtype)
    products = lambda u, V: vmap(lambda v: jvp(f, (u,), (v,))[1])(V)
    return idioms_of(u, V, jvp=products, in_order=lambda result: bands_of(result[0]))


def hessians(f, x):
    return idioms_of(x, hessian=hessian(f), revrev=jacrev(jacrev(f)))


def rosen():
    def f(x):
        a, b = x[:-1], x[1:]
        return (100 * (b - a * a) ** 2 + (1 - a) ** 2).sum()

    return hessians(f, tensor("x"))


def logreg():
    X, y, w = tensors("X", "y", "w")
    softplus, ridge = torch.nn.functional.softplus, data.number("lambda") / 2
    return hessians(lambda w: softplus(-(X @ w) * y).mean() + ridge * (w * w).sum(), w)


def residual(P, e):
    r, C, f, x0, k1, k2, X, w = torch.split(P, (3, 3, 1, 2, 1, 1, 3, 1), -1)
    angle = torch.sqrt((r * r).sum(-1, keepdim=True))
    c, a, p = torch.cos(angle), r / angle, X - C
    cross = torch.cross(a, p, -1)
    q = p * c + cross * torch.sin(angle) + a * ((a * p).sum(-1, keepdim=True) * (1 - c))
    uv = q[..., 0:2] / q[..., 2:3]
    rr = (uv * uv).sum(-1, keepdim=True)
    return w * (uv * (1 + k1 * rr + k2 * rr * rr) * f + x0 - e)


def ba():
    P, e = tensors("P", "features")
    return {**rows(lambda P: residual(P, e), P, 2), **idioms_of(P, e, vmap=vmap(jacrev(residual)))}


def gmm():
    x, S, alphas, means, icf = tensors("x", "S", "alphas", "means", "icf")
    d, k = int(data.number("d")), int(data.number("k"))
    eye = torch.eye(d, dtype=dtype)

    def f(alphas, means, icf):
        log_diagonal, lower = icf[:, :d], icf[:, d:]
        diagonal = torch.exp(log_diagonal)
        Q = (lower @ S).reshape(k, d, d) + diagonal[:, :, None] * eye
        distances = (((x[None] - means[:, None]) @ Q.transpose(1, 2)) ** 2).sum(2)
        scores = alphas[:, None] + log_diagonal.sum(1)[:, None] - 0.5 * distances
        prior = 0.5 * ((diagonal * diagonal).sum() + (lower * lower).sum())
        return torch.logsumexp(scores, 0).sum() - data.n * torch.logsumexp(alphas, 0) + prior

    def taped():
        p = [t.detach().requires_grad_() for t in (alphas, means, icf)]
        return torch.autograd.grad(f(*p), p)

    return {
        "autograd": lambda: evaluated(taped),
        **idioms_of(alphas, means, icf, grad=grad(f, argnums=(0, 1, 2))),
    }


def dispatch():
    a, b = tensors("a", "b")

    def chain():
        total = a
        for _ in range(data.n):
            total = total + b
        return total

    return {"eager": lambda: evaluated(chain)}


def eager(f, *names):
    args = tensors(*names)
    return {"eager": lambda: evaluated(f, *args)}


PROGRAMS = {
    "seed1": lambda: of_vector(lambda x: torch.stack([x * x, torch.sin(x)]), tensor("x")[0]),
    "seed2": lambda: of_vector(lambda x: x * x + 2 * x, tensor("x")),
    "seed3": seed3,
    "arm": arm,
    "mlp_batch": mlp_batch,
    "mlp_params": mlp_params,
    "burgers": lambda: of_vector(burgers_function(), tensor("u")),
    "burgers_sparse": burgers_sparse,
    "rosen": rosen,
    "logreg": logreg,
    "ba": ba,
    "gmm": gmm,
    "matmul": lambda: eager(torch.matmul, "A", "B"),
    "exp": lambda: eager(torch.exp, "x"),
    "tanh": lambda: eager(torch.tanh, "x"),
    "dispatch": dispatch,
}

make = PROGRAMS.get(job["program"])
main(job, torch.__version__, make() if make else {})
