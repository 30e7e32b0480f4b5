"""The code of an experiment: a short script that leans on torch alone, as the book would write it.

The dress `scratch` is that of d2l §3.2, `concise` that of §3.3. Run on the CPU, a script prints the
losses of the loop of that name, to the last digit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import nn

from engine.experiment import Experiment
from engine.kernels.shuffle import key_of
from engine.runs.code import Code, Dress
from engine.runs.code.data import data_lines, seeded
from engine.runs.code.quoting import Quotes, Text
from engine.runs.code.shuffling import shuffled
from engine.runs.code.syntax import difference, literal_text
from engine.settings import Reduction
from engine.training.loops.scratch import data_iter
from engine.training.statements import Statement


def code_of(experiment: Experiment, dress: Dress) -> Code:
    """The script of an experiment; raises BadInput for a file that no short script can read."""
    return _Writer(experiment, dress).code()


class _Writer:
    """Writes one script."""

    def __init__(self, experiment: Experiment, dress: Dress) -> None:
        self.experiment, self.dress = experiment, dress
        self.quotes = Quotes()
        self.model = experiment.architecture()
        self.names = {name: self.quotes.take(name) for name in self.model.shapes}
        """The script's name for each parameter."""
        self.params = {name: Text(text) for name, text in self.names.items()}
        self.module = self.model.module() if dress == "concise" else None
        self.is_mean = experiment.reduction is Reduction.MEAN
        self.uses_torch_optimizer = (
            dress == "concise" and experiment.optimizer.entry.torch is not None
        )
        self.uses_torch_loss = dress == "concise" and experiment.loss.entry.torch is not None
        self.statements: dict[Statement, str] = {}
        """The line of each statement behind which the loop can be stopped."""

    def code(self) -> Code:
        """The whole of it."""
        experiment, quotes = self.experiment, self.quotes
        data = data_lines(experiment, quotes)
        self.sample = data
        body = [*data.lines, "", *self.start(), "", *self.loop()]
        section = "§3.2" if self.dress == "scratch" else "§3.3"
        parts = ", ".join(
            experiment.choice(key).name for key in ("data", "model", "loss", "optimizer")
        )
        head = [f'"""{parts}: {self.dress}, as d2l {section} has it."""', ""]
        imports = [imported(name) for name in sorted(quotes.imports | {"torch"})]
        if self.dress == "concise":
            imports.append("from torch import nn")
            imports.append("from torch.utils.data import DataLoader, TensorDataset")
        constants = [text for text in quotes.definitions if "\n" not in text]
        definitions = [f"\n\n{text}" for text in quotes.definitions if "\n" in text]
        lines = [*head, *imports, *([""] if constants else []), *constants, *definitions]
        lines += ["", ""] if definitions else [""]
        text = "\n".join([*lines, *body]) + "\n"
        lines = [line.strip() for line in text.split("\n")]
        places = {name: lines.index(line) for name, line in self.statements.items()}
        return Code(experiment, self.dress, text, places)

    def stop(self, statement: Statement, line: str) -> str:
        """A line of a minibatch, noted down as that of the statement."""
        self.statements[statement] = line
        return line

    # The start ------------------------------------------------------------------------------

    def start(self) -> list[str]:
        """Parameters at their first values; in the concise dress those of a net."""
        experiment, model = self.experiment, self.model
        random = f"generator = {seeded(experiment.seed, 'init')}"
        double = ".double()" if self.sample.is_double else ""
        values, bias = {}, experiment.init.entry.bias(experiment.init.options)
        for name, shape in model.shapes.items():
            size = ", ".join(map(str, shape))
            if name in model.weights:
                values[name] = self.init(f"torch.empty({size})")
            elif model.start(name, bias):
                values[name] = f"torch.full(({size},), {model.start(name, bias)!r})"
            else:
                values[name] = f"torch.zeros({size})"
        lines = [random] if any("generator" in value for value in values.values()) else []
        if self.module is None:
            for name, value in values.items():
                moved = self.sample.moved(f"{value}{double}")
                lines.append(f"{self.names[name]} = {moved}.requires_grad_()")
            return ["# The model and its start", *lines]
        lines.append(f"net = {self.sample.moved(self.net(self.module) + double)}")
        places = [place(name) for name, _ in self.module.named_parameters()]
        self.places = dict(zip(model.shapes, places, strict=True))
        for name, value in values.items():
            turned = ".T" if len(model.shapes[name]) > 1 else ""
            if value.startswith("torch.zeros"):
                lines.append(f"{self.places[name]}.data.zero_()")
            elif value.startswith("torch.full"):
                lines.append(f"{self.places[name]}.data.fill_({model.start(name, bias)!r})")
            else:
                lines.append(f"{self.places[name]}.data.copy_({value}{turned})")
        return ["# The model and its start", *lines]

    def init(self, weight: str) -> str:
        """A weight that the init fills."""
        choice = self.experiment.init
        if self.quotes.is_one_expression(choice.entry.function, choice.options):
            return self.quotes.expression(
                choice.entry.function, weight, "generator", bound=choice.options
            )
        name = self.quotes.define(choice.entry.function, kind="init", options=choice.options)
        return f"{name}({weight}, generator)"

    def net(self, module: nn.Module) -> str:
        """A module of PyTorch's own as it is made, else the law of the model as a module."""
        if isinstance(module, nn.Sequential):
            return f"nn.Sequential({', '.join(map(self.net, module))})"
        if type(module).__module__.startswith("torch.nn."):
            options = re.sub(r"in_features=|out_features=|, bias=True", "", repr(module))
            return f"nn.{options}"
        parameters = dict(
            zip([n for n, _ in module.named_parameters()], self.model.shapes.values(), strict=True)
        )
        made = "\n".join(
            f"        self.{name} = nn.Parameter(torch.empty{shape})"
            for name, shape in parameters.items()
        )
        given = ", ".join(f"self.{name}" for name in parameters)
        predict = self.predict()
        name = self.quotes.take("Law")
        self.quotes.definitions.append(
            f"class {name}(nn.Module):\n    def __init__(self):\n        super().__init__()\n{made}"
            f"\n\n    def forward(self, X):\n        return {predict}(X, {given})"
        )
        return f"{name}()"

    def predict(self) -> str:
        """The name of the model as a function of X and its parameters."""
        return self.quotes.define(
            self.model.predict,
            "predict",
            bound={"params": self.params},
            more=tuple(self.names.values()),
        )

    # What is minimized ----------------------------------------------------------------------

    def estimate(self, X: str) -> str:
        """ŷ of some features."""
        if self.module is not None:
            return f"net({X})"
        predict, bound = self.model.predict, {"params": self.params}
        if self.quotes.is_one_expression(predict, bound):
            return self.quotes.expression(predict, X, bound=bound)
        return f"{self.predict()}({X}, {', '.join(self.names.values())})"

    def cost(self, y_hat: str, y: str, pairs: bool = False) -> str:
        """The loss of each sample, or of each pair; its mean where PyTorch's class takes it."""
        y = f"{y}.flatten()" if pairs else y
        if self.uses_torch_loss:
            if pairs:
                return f"criterion(*torch.broadcast_tensors({y_hat}, {y}))"
            return f"criterion({y_hat}, {y})"
        return f"{self.loss_name}({difference(y_hat, y)})"

    def mean(self, X: str, y: str) -> str:
        """The mean loss of some samples."""
        cost = self.cost(self.estimate(X), y)
        return cost if self.uses_torch_loss and self.is_mean else f"{cost}.mean()"

    @property
    def loss_name(self) -> str:
        """The name of the loss, written out."""
        choice = self.experiment.loss
        return self.quotes.define(choice.entry.function, kind="loss", options=choice.options)

    def criterion(self) -> str:
        """PyTorch's loss as it is made."""
        choice = self.experiment.loss
        options = dict(choice.options) | ({} if self.is_mean else {"reduction": "none"})
        return made(choice.entry.torch or "", options)

    def penalty(self, values: Mapping[str, str]) -> str:
        """The penalty on all weights, in front of it what adds it."""
        choice = self.experiment.penalty
        if choice.entry.is_zero or not self.model.weights:
            return ""
        name = self.quotes.define(choice.entry.function, kind="penalty", options=choice.options)
        return " + ".join(f"{name}({values[weight]}).sum()" for weight in self.model.weights)

    # The loop -------------------------------------------------------------------------------

    def loop(self) -> list[str]:
        """Epoch after epoch."""
        experiment = self.experiment
        lines = [
            "# Training",
            f"lr, batch_size, epochs = {experiment.lr!r}, {experiment.batch_size}, "
            f"{experiment.epochs}",
        ]
        if self.uses_torch_loss:
            lines.append(f"criterion = {self.criterion()}")
        if self.uses_torch_optimizer:
            choice = experiment.optimizer
            options = choice.entry.torch_kwargs(**choice.options)
            lines.append(
                f"optimizer = {made(choice.entry.torch or '', options, 'net.parameters(), lr=lr')}"
            )
        if self.carries_state:
            if self.module is not None:
                lines.append("params = list(net.parameters())")
            else:
                lines.append(f"params = [{', '.join(self.names.values())}]")
            slots = ", ".join(["torch.zeros_like(param)"] * experiment.optimizer.entry.slots)
            comma = "," if experiment.optimizer.entry.slots == 1 else ""
            lines += [f"states = [({slots}{comma}) for param in params]", "steps = 0"]
        if experiment.patience:
            lines.append('best, best_epoch = float("inf"), 0')
        lines.append("for epoch in range(epochs):")
        lines += indented([*self.order(), *self.steps(), *self.report()])
        return lines

    @property
    def carries_state(self) -> bool:
        """Whether the script applies the formula of an optimizer that is more than lr·grad."""
        return not self.uses_torch_optimizer and not self.experiment.optimizer.entry.is_plain

    def order(self) -> list[str]:
        """The order of the samples in this epoch."""
        experiment = self.experiment
        if experiment.shuffle:
            name = self.quotes.define(shuffled, "shuffled")
            order = f"{name}(len(X), {key_of(experiment.seed, 0)} + (epoch << 32))"
        elif self.module is not None:
            return []
        else:
            order = "range(len(X))"
        if self.module is not None:
            return [f"order = {order}"]
        cut = ""
        if experiment.drop_last and experiment.last_batch:
            cut = f"[:{experiment.used_per_epoch}]"
        return [f"order = torch.tensor({order}){cut}"]

    def steps(self) -> list[str]:
        """The steps of an epoch."""
        experiment = self.experiment
        if self.module is not None:
            sampler = ", sampler=order" if experiment.shuffle else ""
            drop = ", drop_last=True" if experiment.drop_last and experiment.last_batch else ""
            batches = f"DataLoader(TensorDataset(X, y), batch_size{sampler}{drop})"
        else:
            batches = f"{self.quotes.define(data_iter, 'data_iter')}(batch_size, order, X, y)"
        is_scheduled = not experiment.schedule.entry.is_constant
        head = f"for X_batch, y_batch in {batches}:"
        if is_scheduled:
            head = f"for step, (X_batch, y_batch) in enumerate({batches}):"
        rate = []
        if is_scheduled:
            choice = experiment.schedule
            name = self.quotes.define(
                choice.entry.function, kind="schedule", options=choice.options
            )
            line = f"rate = lr * {name}(epoch + step * (batch_size / len(X)), epochs)"
            rate.append(self.stop("rate", line))
        head = self.stop("minibatch", head)
        return [head, *indented([*self.backward(), *rate, *self.update()])]

    def backward(self) -> list[str]:
        """Loss and gradient of a minibatch."""
        experiment, lines = self.experiment, []
        y_hat = self.estimate("X_batch")
        if self.module is None:
            lines.append(self.stop("y_hat", f"y_hat = {y_hat}"))
            y_hat = "y_hat"
        cost = self.cost(y_hat, "y_batch", not experiment.reshape)
        if not (self.is_mean and self.uses_torch_loss):
            cost += ".mean()" if self.is_mean else ".sum()"
        names = self.names if self.module is None else self.places
        penalty = self.penalty(names)
        total = experiment.reduction is Reduction.TOTAL
        divided = not self.is_mean and not total
        if self.module is not None:
            # As the optimizers of PyTorch have it, the loss is divided and the penalty is not.
            cost += " / batch_size" if divided else ""
        elif penalty and divided:
            penalty = f"batch_size * ({penalty})"
        lines.append(self.stop("loss", f"loss = {cost}"))
        if penalty:
            lines.append(self.stop("objective", f"objective = loss + {penalty}"))
        if self.module is not None:
            zero = "optimizer" if self.uses_torch_optimizer else "net"
            lines.append(self.stop("zero_grad", f"{zero}.zero_grad()"))
        minimized = "objective" if penalty else "loss"
        return [*lines, self.stop("backward", f"{minimized}.backward()")]

    def update(self) -> list[str]:
        """One step of the optimizer."""
        experiment = self.experiment
        scheduled = not experiment.schedule.entry.is_constant
        if self.uses_torch_optimizer:
            rate = ['optimizer.param_groups[0]["lr"] = rate'] if scheduled else []
            return [*rate, self.stop("update", "optimizer.step()")]
        lr = "rate" if scheduled else "lr"
        grad = "param.grad"
        if self.module is None and experiment.reduction is Reduction.SUM:
            grad += " / batch_size"
        if not self.carries_state:
            grad = f"({grad})" if "/" in grad else grad
            names = ", ".join(self.names.values())
            head = f"for param in ({names}{',' * (len(self.names) == 1)}):"
            if self.module is not None:
                head = "for param in net.parameters():"
            return ["with torch.no_grad():", *indented([head, *self.move(f"{lr} * {grad}")])]
        choice = experiment.optimizer
        name = self.quotes.define(choice.entry.function, kind="optimizer", options=choice.options)
        loop = [
            "for index, param in enumerate(params):",
            f"    move, states[index] = {name}({grad}, states[index], steps, {lr})",
            *self.move("move"),
        ]
        return ["steps += 1", "with torch.no_grad():", *indented(loop)]

    def move(self, size: str) -> list[str]:
        """A parameter moved; from scratch nothing else takes its gradient away."""
        lines = [self.stop("update", f"param -= {size}")]
        return indented(lines if self.module is not None else [*lines, "param.grad = None"])

    def report(self) -> list[str]:
        """The losses at the end of an epoch, printed as `linreg-tui run` does."""
        lines = [f"loss = {self.mean('X', 'y')}"]
        shown = "loss {loss:.6g}"
        if self.sample.has_held_out:
            lines.append(f"validation = {self.mean('X_val', 'y_val')}")
            shown += ", validation loss {validation:.6g}"
        lines.append(f'print(f"epoch {{epoch + 1}}, {shown}")')
        if self.experiment.patience:
            watched = "validation" if self.sample.has_held_out else "loss"
            lines += [
                f"if {watched} < best:",
                f"    best, best_epoch = {watched}, epoch",
                f"if epoch - best_epoch >= {self.experiment.patience}:",
                "    break",
            ]
        return lines


def imported(name: str) -> str:
    """The line that imports a module, or a class of one."""
    module, _, inner = name.partition(".")
    return f"from {module} import {inner}" if inner else f"import {name}"


def indented(lines: list[str]) -> list[str]:
    """Lines one level deeper."""
    return [f"    {line}" for line in lines]


def place(name: str) -> str:
    """A parameter of the net by its dotted name: `net[0].weight`."""
    parts = [f"[{part}]" if part.isdecimal() else f".{part}" for part in name.split(".")]
    return f"net{''.join(parts)}"


def made(path: str, options: Mapping[str, object], first: str = "") -> str:
    """An object of the class at `module:Class`, made."""
    name = path.replace(":", ".").replace("torch.nn.", "nn.")
    given = [first] if first else []
    given += [f"{key}={literal_text(value)}" for key, value in options.items()]
    return f"{name}({', '.join(given)})"
