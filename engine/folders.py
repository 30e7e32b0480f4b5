"""Where settings are kept between two sessions."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_config_path


def settings_file() -> Path:
    """The file with theme, keys and the last experiment; it need not exist."""
    return user_config_path("linreg-tui", appauthor=False) / "settings.toml"
