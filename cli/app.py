"""The typer application on which every command module hangs its commands."""

import typer

app = typer.Typer(
    name="cascade",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="What one cloud action sets off: look cascades up, recognise them in CloudTrail, draw them.",
    epilog="Exit status: 0 done, 1 findings that you asked to fail on, 2 unusable input or arguments.",
)
