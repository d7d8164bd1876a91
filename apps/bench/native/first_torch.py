"""The first Jacobian of a process: [2, cos 1]."""

import torch

x = torch.tensor(1.0)
print(torch.autograd.functional.jacobian(lambda x: torch.stack([x**2, torch.sin(x)]), x).tolist())
