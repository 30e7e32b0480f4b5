"""What the symbols on a screen stand for."""

from __future__ import annotations

import pytest

from tui.text.symbols import SYMBOLS, symbols_in


@pytest.mark.parametrize(("text", "symbols"), [
    ("1e-4 ┤╌╌╌╌ ½σ² θ*", ["½σ²", "θ*"]),
    ("noise floor ½σ² = 5.00e-05", ["½σ²"]),
    ("limit 2/λmax = 1.87", ["2/λmax"]),
    ("λ 1.07 0.94, λmax 1.07 κ 1.2", ["λmax", "λ", "κ"]),
    ("|grad| 0.0026  R² 0.98", ["|grad|", "R²"]),
    ("noise floor hs2 = 5e-05, 2/Lmax = 1.9, t* 4.9e-05, R2 .98", ["½σ²", "θ*", "2/λmax", "R²"]),
    ("this2 best* |grade| R2D2 2/Lmaximum lr 0.03", []),
    ("", []),
])  # fmt: skip
def test_symbols_of_a_screen(text: str, symbols: list[str]) -> None:
    assert [symbol for symbol, _ in symbols_in(text)] == symbols


def test_each_symbol_is_explained_and_none_hides_another() -> None:
    names = list(SYMBOLS)
    for number, name in enumerate(names):
        assert not any(earlier in name for earlier in names[:number])
        assert [symbol for symbol, _ in symbols_in(f" {name} ")] == [name]
