"""The same programs written plainly, as a textbook prints them: what the loops are compared with.

Nothing of the engine is in them: no events, no generator, no controls.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


def minibatches(X: Tensor, y: Tensor, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Every sample once, in random order, so many at a time."""
    order = list(range(len(X)))
    random.shuffle(order)
    for start in range(0, len(order), size):
        rows = torch.tensor(order[start : start + size])
        yield X[rows], y[rows]


class FromScratch:
    """Linear regression from scratch: own minibatches, autograd, own update."""

    def __init__(self, X: Tensor, y: Tensor, size: int, lr: float) -> None:
        self.X, self.y, self.size, self.lr = X, y, size, lr
        self.w = torch.zeros(X.shape[1], 1, requires_grad=True)
        self.b = torch.zeros(1, requires_grad=True)

    def predict(self, X: Tensor) -> Tensor:
        return X @ self.w + self.b

    @staticmethod
    def loss(y_hat: Tensor, y: Tensor) -> Tensor:
        return (y_hat - y) ** 2 / 2

    def descend(self) -> None:
        with torch.no_grad():
            for param in (self.w, self.b):
                assert param.grad is not None
                param -= self.lr * param.grad / self.size
                param.grad.zero_()

    def epoch(self) -> float:
        """Train on every sample once; returns the mean loss over all of them."""
        for X, y in minibatches(self.X, self.y, self.size):
            self.loss(self.predict(X), y).sum().backward()
            self.descend()
        with torch.no_grad():
            return float(self.loss(self.predict(self.X), self.y).mean())


class FromParts:
    """The same with PyTorch's own parts: DataLoader, nn.Linear, nn.MSELoss, optim.SGD."""

    def __init__(self, X: Tensor, y: Tensor, size: int, lr: float) -> None:
        self.X, self.y = X, y
        self.loader = DataLoader(TensorDataset(X, y), size, shuffle=True)
        self.net = nn.Linear(X.shape[1], 1)
        self.loss = nn.MSELoss()
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=lr)

    def epoch(self) -> float:
        """Train on every sample once; returns the mean loss over all of them."""
        for X, y in self.loader:
            loss = self.loss(self.net(X), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        with torch.no_grad():
            return float(self.loss(self.net(self.X), self.y))
