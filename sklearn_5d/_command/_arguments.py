"""The arguments of the command."""

import argparse
import ast
from pathlib import Path

from .. import __version__

COMMANDS = ("report", "fit", "predict", "optimise", "optimize", "info")
TABLES = (
    "a table: .csv, .tsv, .csv.gz or other text, .xlsx, .parquet, .feather, or - for "
    "standard input"
)
EXAMPLES = {
    None: """
        sklearn-5d report table.csv --target strength --output report.html
        sklearn-5d fit table.csv --target strength --model strength.skops
        sklearn-5d predict strength.skops new.csv --output predictions.csv
        sklearn-5d optimise strength.skops --maximize --bounds age=1:28
        sklearn-5d info strength.skops
        sklearn-5d table.csv --target strength     (the same as report)
    """,
    "report": """
        sklearn-5d report
        sklearn-5d report table.csv --target strength --output report.html
        sklearn-5d report table.xlsx --sheet Runs --target y --group specimen --jobs 2
        sklearn-5d report log.txt --target y --na-values=-999 --drop-missing
        gunzip -c table.csv.gz | sklearn-5d report - --target y --json > report.json
    """,
    "fit": """
        sklearn-5d fit table.csv --target y --model model.skops
        sklearn-5d fit table.csv --target y --inputs a,b,c,d,e --model model.skops
        sklearn-5d fit table.csv --target y --model model.skops --onnx model.onnx
    """,
    "predict": """
        sklearn-5d predict model.skops new.csv --output predictions.csv
        sklearn-5d predict model.skops new.parquet --gradient > predictions.csv
        cat new.csv | sklearn-5d predict model.skops - --confidence 0.95
    """,
    "optimise": """
        sklearn-5d optimise model.skops --maximize
        sklearn-5d optimise model.skops --minimize --bounds age=1:28 --fixed water=180
    """,
    "info": """
        sklearn-5d info model.skops
    """,
}


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message}; see {self.prog} --help\n")


def _examples(command):
    lines = [line.strip() for line in EXAMPLES[command].strip().splitlines()]
    return "examples:\n" + "\n".join(f"  {line}" for line in lines)


def assignment(text):
    """Read NAME=VALUE.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    tuple of str
        Name and value.
    """
    name, equal, value = text.rpartition("=")
    if not equal or not name.strip():
        raise argparse.ArgumentTypeError(f"Got {text!r}, expected NAME=VALUE")
    return name.strip(), value.strip()


def _number_assignment(text):
    name, value = assignment(text)
    return name, _number(value)


def _number(text):
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"Got {text!r}, expected a number") from None


def _range_assignment(text):
    name, value = assignment(text)
    low, colon, high = value.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"Got {text!r}, expected NAME=LOW:HIGH")
    return name, tuple(_number(side) if side else None for side in (low, high))


def _parameter(text):
    name, value = assignment(text)
    try:
        return name, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return name, value


def _positive(text):
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"Got {text!r}, expected a positive number")
    return int(text)


def _jobs(text):
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number == 0:
        raise argparse.ArgumentTypeError(
            f"Got {text!r}, expected a number of processes, or -1 for all cores"
        )
    return number


def _seed(text):
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(
            f"Got {text!r}, expected a number between 0 and {2**32 - 1}"
        )
    return int(text)


def _probability(text):
    number = _number(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(
            f"Got {text!r}, expected a number between 0 and 1"
        )
    return number


def make_parser():
    """Make the parser of all the commands.

    Returns
    -------
    ArgumentParser
        The parser.
    """
    parser = _Parser(
        prog="sklearn-5d",
        description="Regression on five inputs: what can be learnt from a table, "
        "models of it, predictions and best settings.",
        epilog=_examples(None),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=_Parser
    )
    add = {
        "report": (_add_report, "cross-validate on a table, beside the alternatives"),
        "fit": (_add_fit, "fit a model to a table and save it"),
        "predict": (_add_predict, "predict the rows of a table with a saved model"),
        "optimise": (_add_optimise, "find the best settings by a saved model"),
        "info": (_add_info, "tell what is in a saved model, without trusting it"),
    }
    for name, (add_arguments, text) in add.items():
        command = commands.add_parser(
            name,
            aliases=["optimize"] if name == "optimise" else [],
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=_examples(name),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add_arguments(command)
        _add_output(command)
    return parser


def _add_output(parser):
    group = parser.add_argument_group("what is said")
    group.add_argument(
        "--quiet", action="store_true", help="no notes, warnings and progress"
    )
    group.add_argument(
        "--json",
        action="store_true",
        help="the result for machines; of predict, what was written by --output",
    )


def _add_reading(parser):
    group = parser.add_argument_group("reading; what is not given is found")
    group.add_argument("--sep", help="the delimiter: a sign, 'tab' or 'space'")
    group.add_argument("--decimal", choices=[".", ","], help="the decimal sign")
    group.add_argument("--encoding", help="of a text, for example latin-1")
    group.add_argument(
        "--header", metavar="LINE", type=_positive, help="the line of the names"
    )
    group.add_argument("--sheet", help="name or number of a sheet of a workbook")
    group.add_argument(
        "--na-values",
        metavar="VALUE",
        action="append",
        default=[],
        help="what stands for a missing value, as in --na-values=-999; repeatable",
    )
    group.add_argument(
        "--drop-missing",
        action="store_true",
        help="leave out rows with a missing value (default: an error)",
    )


def _add_roles(parser):
    group = parser.add_argument_group("columns")
    group.add_argument("--target", metavar="NAME", help="the target")
    group.add_argument(
        "--inputs",
        metavar="NAMES",
        action="append",
        default=[],
        help="the inputs, separated by commas (default: all other columns)",
    )
    group.add_argument(
        "--ignore",
        metavar="NAMES",
        action="append",
        default=[],
        help="columns that are no inputs, separated by commas",
    )
    group.add_argument(
        "--group",
        metavar="NAME",
        help="a column of labels: rows of one label are held out together",
    )
    group.add_argument("--weight", metavar="NAME", help="a column of weights")


def _add_fitting(parser):
    group = parser.add_argument_group("fitting")
    group.add_argument("--seed", type=_seed, default=0, help="default: %(default)s")
    group.add_argument(
        "--jobs",
        "--n-jobs",
        metavar="N",
        type=_jobs,
        help="processes, -1 for all cores (default: 1)",
    )
    group.add_argument(
        "--param",
        metavar="NAME=VALUE",
        type=_parameter,
        action="append",
        default=[],
        help="a parameter of FiveDRegressor, as in n_estimators=3; repeatable",
    )


def _add_report(parser):
    parser.add_argument(
        "table", nargs="?", help=f"{TABLES} (default: the airfoil measurements)"
    )
    parser.add_argument("--output", metavar="PATH", help="an HTML report in one file")
    parser.add_argument(
        "--picture",
        metavar="PATH",
        help="where predicted against true is drawn (default: sklearn_5d_report.png, "
        "and none with --output or --json)",
    )
    parser.add_argument("--no-picture", action="store_true", help="draw nothing")
    parser.add_argument(
        "--cv",
        metavar="FOLDS",
        type=_positive,
        default=5,
        help="folds of the cross-validation (default: %(default)s)",
    )
    _add_roles(parser)
    _add_reading(parser)
    _add_fitting(parser)


def _add_fit(parser):
    parser.add_argument("table", help=TABLES)
    parser.add_argument(
        "--model", metavar="PATH", required=True, help="the model, a .skops file"
    )
    parser.add_argument(
        "--onnx", metavar="PATH", help="the model for ONNX as well, an .onnx file"
    )
    _add_roles(parser)
    _add_reading(parser)
    _add_fitting(parser)


def _add_predict(parser):
    parser.add_argument("model", help="a model of `sklearn-5d fit`")
    parser.add_argument("table", help=TABLES)
    parser.add_argument(
        "--output",
        metavar="PATH",
        default="-",
        help=".csv, .tsv, .csv.gz or .tsv.gz (default: standard output)",
    )
    parser.add_argument(
        "--confidence",
        metavar="LEVEL",
        type=_probability,
        default=0.9,
        help="of the interval (default: %(default)s)",
    )
    parser.add_argument(
        "--gradient", action="store_true", help="the derivatives by the inputs too"
    )
    parser.add_argument(
        "--prefix",
        default="prediction",
        help="of the names of the new columns (default: %(default)s)",
    )
    parser.add_argument(
        "--jobs", metavar="N", type=_jobs, help="threads, -1 for all cores"
    )
    _add_reading(parser)


def _add_optimise(parser):
    parser.add_argument("model", help="a model of `sklearn-5d fit`")
    direction = parser.add_mutually_exclusive_group(required=True)
    direction.add_argument(
        "--minimize", "--minimise", dest="sign", action="store_const", const=1
    )
    direction.add_argument(
        "--maximize", "--maximise", dest="sign", action="store_const", const=-1
    )
    parser.add_argument(
        "--bounds",
        metavar="NAME=LOW:HIGH",
        type=_range_assignment,
        action="append",
        default=[],
        help="the range of an input, inside the training range (default); repeatable",
    )
    parser.add_argument(
        "--fixed",
        metavar="NAME=VALUE",
        type=_number_assignment,
        action="append",
        default=[],
        help="the value of an input; repeatable",
    )
    parser.add_argument(
        "--confidence",
        metavar="LEVEL",
        type=_probability,
        default=0.9,
        help="of the interval (default: %(default)s)",
    )
    parser.add_argument("--seed", type=_seed, default=0, help="default: %(default)s")


def _add_info(parser):
    parser.add_argument("model", help="a .skops file")


def parse(argv):
    """Read the arguments; a table without a command means `report`.

    Parameters
    ----------
    argv : list of str
        The arguments.

    Returns
    -------
    Namespace
        What they say.
    """
    parser = make_parser()
    general = ("-h", "--help", "--version")
    if not argv or argv[0] not in (*COMMANDS, *general):
        if argv and argv[0].isalpha() and not Path(argv[0]).exists():
            parser.error(f"Got {argv[0]!r}, which is neither a command nor a file")
        argv = ["report", *argv]
    return parser.parse_args(argv)
