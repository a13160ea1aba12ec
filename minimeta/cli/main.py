"""The command `minimeta` and how its errors end; read next: compare.py."""

from __future__ import annotations

import sys

import click

import minimeta

from ..device import DeviceError
from ..run.checkpoint import CheckpointError
from ..run.settings import SettingsError
from ..tasks import DataError
from .bench import bench
from .check import check
from .compare import compare
from .verify import verify

WRONG_INPUT, INTERRUPTED = 2, 130


class Commands(click.Group):
    """A group whose errors are one line on stderr: exit code 2, or 130 after Ctrl-C."""

    def main(self, *args, standalone_mode=True, **options):
        """Run the command; with standalone_mode (the default) leave with its exit code."""
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **options)
        try:
            code = super().main(*args, standalone_mode=False, **options)
        except click.ClickException as error:
            fail(error.format_message())
        except (SettingsError, DataError, CheckpointError, DeviceError) as error:
            fail(str(error))
        except click.Abort:
            sys.exit(INTERRUPTED)
        sys.exit(code or 0)


def fail(message: str) -> None:
    """Say what is wrong in one line, and leave with code 2."""
    click.echo(f"minimeta: {' '.join(message.split())}", err=True)
    sys.exit(WRONG_INPUT)


@click.group(cls=Commands, invoke_without_command=True,
             context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(minimeta.__version__, prog_name="minimeta")
@click.pass_context
def main(context):
    """Meta-learning, computed and compared on a small autodiff engine."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


main.add_command(compare)
main.add_command(verify)
main.add_command(check)
main.add_command(bench)
