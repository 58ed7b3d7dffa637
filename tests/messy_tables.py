"""Small messy tables, one a kind, as instruments, programs and people write them.

Each is the same table of five inputs and a target underneath, so that what was read can
be compared with it.
"""

import gzip
import io
import json
import zipfile

import numpy as np

NAMES = ["temp", "pressure", "flow", "angle", "length"]
TARGET = "strength"
HEADER = [*NAMES, TARGET]


def base_table(n_rows=24):
    """Make the table underneath: numbers of three digits, so that texts are exact."""
    rng = np.random.default_rng(7)
    X = np.round(rng.uniform(1, 10, (n_rows, 5)), 2)
    return np.c_[X, np.round(X[:, 0] * X[:, 1] / 10 + X[:, 2] - X[:, 3], 3)]


VALUES = base_table()
ROWS = VALUES.tolist()


def text(rows=ROWS, header=HEADER, sep=",", decimal=".", end="\n", trailing=""):
    """Write the table as text."""
    lines = [] if header is None else [header]
    lines += [
        [f"{v:g}".replace(".", decimal) if isinstance(v, float) else v for v in row]
        for row in rows
    ]
    return "".join(sep.join(map(str, line)) + trailing + end for line in lines)


def with_cell(row, column, value, **options):
    """Write the table with one value replaced."""
    rows = [[*each] for each in ROWS]
    rows[row][column] = value
    return text(rows, **options)


def numbered(start=0, name=""):
    """Write the table with a column that counts the rows in front."""
    rows = [[str(i), *row] for i, row in enumerate(ROWS, start=start)]
    return text(rows, [name, *HEADER])


def _workbook(rows, sheets=("Sheet1",)):
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cut_short(workbook):
    """Cut the sheets of a workbook, but not its archive."""
    cut = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(cut, "w") as new:
        for name in old.namelist():
            end = 999 if "sheet1" in name else None
            new.writestr(name, old.read(name)[:end])
    return cut.getvalue()


def _written(method, names=HEADER, **options):
    import pandas as pd

    file = io.BytesIO()
    getattr(pd.DataFrame(VALUES, columns=names), method)(file, **options)
    return file.getvalue()


def right_tables():
    """List tables that are read as they are meant.

    Returns
    -------
    dict of (content, suffix, options, note)
        By kind: the bytes, the end of the name, arguments beside the target, and what
        is said of the file.
    """
    plain, lines = text(), text().splitlines(keepends=True)
    r_rows = [[f'"{i + 1}"', *row] for i, row in enumerate(ROWS)]
    title = "Bench 7, run 12\nOperator: A. Muller\n\n"
    units = ["degC", "kPa", "kg/s", "deg", "mm", "MPa"]
    unit_line = ";".join(units) + "\n"
    semicolons = text(sep=";")
    german = text(sep=";", decimal=",")
    umlaut = german.replace("temp", "Wärme", 1)
    tab_lines = text(sep="\t").splitlines(keepends=True)
    sheet = [HEADER, *ROWS]
    texts = {
        "plain": (plain, "commas"),
        "byte order mark": ("\ufeff" + plain, "utf-8-sig"),
        "Windows line ends": (text(end="\r\n"), "commas"),
        "old Mac line ends": (text(end="\r"), "commas"),
        "semicolons": (semicolons, "semicolons"),
        "decimal commas": (german, "semicolons between values, decimal commas"),
        "tabs, decimal commas": (text(sep="\t", decimal=","), "tabs.*decimal commas"),
        "quoted decimal commas": (
            text([[f'"{v:g}"'.replace(".", ",") for v in r] for r in ROWS]),
            "commas between values, decimal commas",
        ),
        "bars": (text(sep="|"), "bars"),
        "spaces": (text(sep="   "), "spaces"),
        "aligned columns": (
            "".join(" " + line.replace(",", "    ") for line in lines), "spaces"
        ),
        "spaces behind commas": (text(sep=", "), "commas"),
        "everything quoted": (
            text([[f'"{v:g}"' for v in r] for r in ROWS]), "commas"
        ),
        "sep= line": ("sep=;\n" + german, "semicolons"),
        "a quotation mark in a comment": ('# "run 12\n' + plain, "commas"),
        "comments in front": ("# made by X\n# 2024-05-06\n" + plain, "commas"),
        "comments between": (
            "".join([*lines[:5], "# valve opened\n", *lines[5:], "% end\n"]),
            "commas between values, 2 comment lines skipped",
        ),
        "names in a comment": ("# " + plain, "names in a comment"),
        "title lines": (title + plain, "2 title lines skipped"),
        "a quotation mark in a title": (
            'Probe, "old\n' + semicolons, "semicolons.*1 title line skipped"
        ),
        "title of a spreadsheet": ("Bench 7;;;;;\n;;;;;\n" + german, "1 title line"),
        "units": (
            semicolons.replace("\n", "\n" + unit_line, 1), r"under the names.*degC, kPa"
        ),
        "units in brackets, some empty": (
            plain.replace("\n", "\n[C],[kPa],,[deg],[mm],-\n", 1), "under the names"
        ),
        "titles, units, commas, trailing": (
            title + ";".join(HEADER) + ";\n" + unit_line
            + text(header=None, sep=";", decimal=",", trailing=";"),
            "decimal commas, 2 title lines skipped.*under the names",
        ),
        "blank lines": ("\n\n" + plain.replace("\n", "\n\n"), "commas"),
        "empty rows of a spreadsheet": (plain + ",,,,,\n,,,,,\n", "commas"),
        "trailing separators": (text(trailing=","), "empty columns at the right"),
        "trailing separators but in the header": (
            lines[0] + text(header=None, trailing=","), "empty columns at the right"
        ),
        "index of pandas": (numbered(), "index without a name left out"),
        "index of pandas, twice": (
            numbered(name="Unnamed: 0"), "index without a name left out"
        ),
        "row names of R": (
            text(r_rows), "index without a name left out"
        ),
        "row names of R, no name at all": (
            text(r_rows, header=[f'"{n}"' for n in HEADER], sep=" "),
            "spaces.*index without a name left out",
        ),
        "no line end": (plain.rstrip("\n"), "commas"),
        "exponents and signs": (
            text([[f"{v:+.6e}" for v in r] for r in ROWS]), "commas"
        ),
        "tabs, .tsv": ("".join(tab_lines), "tabs"),
        "column of texts between": (
            text([[*r[:2], "a, b", *r[2:]] for r in ROWS],
                 [*NAMES[:2], "remark", *HEADER[2:]]).replace("a, b", '"a, b"'),
            "commas",
        ),
        "texts of several lines, with signs of comments": (
            text([[*r, '"see\n# 2\n\n% below"'] for r in ROWS], [*HEADER, "remark"]),
            "commas between values$",
        ),
        "texts in quotes between spaces": (
            text([[*r, '"not ""so""  good"'] for r in r_rows],
                 header=[f'"{n}"' for n in [*HEADER, "remark"]], sep=" "),
            "spaces",
        ),
        "a short row": (
            text([*[[*r, "a"] for r in ROWS[:-1]], ROWS[-1]], [*HEADER, "remark"]),
            "1 row with no values at the end",
        ),
        "inches": (
            text([[*r, '5" pipe'] for r in ROWS], [*HEADER, "remark"]), "commas"
        ),
    }  # fmt: skip
    tables = {
        kind: (
            content.encode(),
            ".csv",
            ["--ignore", "remark"] if "remark" in content else [],
            note,
        )
        for kind, (content, note) in texts.items()
    }
    table, _, options, note = tables["tabs, .tsv"]
    tables["tabs, .tsv"] = (table, ".tsv", options, note)
    tables |= {
        "Latin-1": (umlaut.encode("latin-1"), ".csv", [], "latin-1"),
        "Windows, euro": (
            german.replace("temp", "€", 1).encode("cp1252"), ".csv", [], "cp1252"
        ),
        "UTF-16 of a spreadsheet": (
            umlaut.replace(";", "\t").encode("utf-16"), ".txt", [], "utf-16.*tabs"
        ),
        "UTF-16 without a mark": (umlaut.encode("utf-16-le"), ".csv", [], "utf-16-le"),
        "gzip": (gzip.compress(plain.encode()), ".csv.gz", [], "commas"),
        "gzip, but named .csv": (gzip.compress(plain.encode()), ".csv", [], "commas"),
        "workbook": (_workbook(sheet), ".xlsx", [], "sheet 'Sheet1'"),
        "workbook, title, units, index": (
            _workbook([
                ["Bench 7"], [], [None, *HEADER], [None, *units],
                *([i, *row] for i, row in enumerate(ROWS)),
            ]), ".xlsx", [], "1 title line skipped.*under the names.*index",
        ),
        "workbook, remarks without a name": (
            _workbook([[*HEADER, None], *([*row, "a"] for row in ROWS)]), ".xlsx",
            ["--ignore", "column_7"], "sheet 'Sheet1'$",
        ),
        "workbook, second sheet": (
            _workbook(sheet, ["Notes", "Runs"]), ".xlsx", ["--sheet", "Runs"], "'Runs'"
        ),
        "workbook, sheets": (
            _workbook(sheet, ["Runs", "Old"]), ".xlsx", [], "not the sheets 'Old'"
        ),
        "Parquet": (_written("to_parquet"), ".parquet", [], "Parquet"),
        "Parquet with an index": (
            _written("to_parquet", index=True), ".parquet", [], "Parquet"
        ),
        "Parquet, spaces around names": (
            _written("to_parquet", names=[f" {n} " for n in HEADER]), ".parquet", [],
            "Parquet",
        ),
        "Feather": (_written("to_feather"), ".feather", [], "Feather"),
        "no names": (
            text(header=None).encode(), ".csv", ["--target", "column_6"], "no names"
        ),
        "header given": (
            ("1,2,3,4,5,6\n" + plain).encode(), ".csv", ["--header", "2"], "1 title"
        ),
        "-999 named": (
            (plain + "1,2,3,4,5,-999\n-999,2,3,4,5,6\n").encode(), ".csv",
            ["--na-values=-999", "--drop-missing"], "2 rows with a missing value",
        ),
        "missing values dropped at the top": (
            (lines[0] + ",,,,3,4\nNA,NA,NA,NA,NA,4\n" + "".join(lines[1:])).encode(),
            ".csv", ["--drop-missing"], "2 rows with a missing value",
        ),
        "missing values dropped": (
            (plain + "1,,3,4,5,6\n1,2,NA,4,5,6\n1,2,3,4,5,#N/A\n").encode(), ".csv",
            ["--drop-missing"], "3 rows with a missing value",
        ),
    }  # fmt: skip
    return tables


def wrong_tables():
    """List tables that are none.

    Returns
    -------
    dict of (content, suffix, options, message)
        By kind: the bytes, the end of the name, arguments beside the target, and what
        the error says.
    """
    plain = text()
    lines = plain.splitlines(keepends=True)
    damaged = gzip.compress(plain.encode())[:60]
    texts = {
        "empty": ("", "is empty"),
        "blank lines only": ("\n\n", "is empty"),
        "header only": (lines[0], "has a header but no rows"),
        "missing value": (with_cell(2, 1, ""), r"line 4, column 'pressure': Got a miss"
                          r"ing value.*--drop-missing"),
        "missing values in the first row": (
            lines[0] + ",,,,3,4\n" + "".join(lines[1:]), "line 2.*Got a missing value"),
        "missing values in the first row, under units and a text": (
            text([["m", "kg", "", "", "", "-", ""], [1, "", "", "", "", "", "a"],
                  *[[*r, "b"] for r in ROWS]], [*HEADER, "remark"]),
            "line 3, column 'pressure': Got a missing value"),
        "NaN": (with_cell(2, 1, "NaN"), r"line 4, column 'pressure': Got a missing"),
        "infinity": (with_cell(0, 5, "-inf"), r"line 2, column 'strength': Got '-inf'"),
        "text": (with_cell(4, 0, "red"), r"line 6, column 'temp': Got 'red'.*--ignore"),
        "comma among points": (
            with_cell(3, 0, "1,5", sep=";"), r"line 5.*Got '1,5'.*'\.' as its decimal"),
        "comma among whole numbers": (
            text([[1, 2], [3, "4,5"], *[[5, 6]] * 5], ["temp", TARGET], sep=";"),
            r"line 3.*Got '4,5'.*--decimal ','"),
        "thousands beside points": (
            text([['"5,939"', *r[1:]] for r in ROWS]),
            "line 2, column 'temp': Got '5,939'.*without thousands separators"),
        "thousands beside commas": (
            text([["1.646", *r[1:]] for r in ROWS], sep=";", decimal=","),
            "line 2, column 'temp': Got '1.646'.*without thousands separators"),
        "thousands beside one column with commas": (
            text([[1646.0, 0.5], ["2.000", 1.5]] * 5, ["temp", TARGET], ";", ",")
            .replace("1646", "1.646"), "line 2, column 'temp': Got '1.646'"),
        "thousands and decimals": (
            with_cell(2, 0, '"1,066.5"'), "Got '1,066.5'.*without thousands sep"),
        "thousands beside whole numbers": (
            text([[955, 3], ['"1,066"', 4], *[['"2,000"', 1]] * 9], ["temp", TARGET]),
            "Got '1,066', expected numbers without thousands separators, or --decimal"),
        "group of digits": (
            with_cell(3, 0, "1_5"), r"line 5, column 'temp': Got '1_5'"),
        "long row": (plain + "1,2,3,4,5,6,7\n", "line 26: Got 7 values, expected 6"),
        "short row": (plain + "1,2,3\n", "line 26: Got 3 values, expected 6"),
        "short row between spaces": (
            text(sep=" ") + "1 2 3 4 5\n", "line 26: Got 5 values, expected 6"),
        "separator too many in the first row": (
            plain.replace("\n", ",\n", 2).replace(",\n", "\n", 1),
            "line 2: Got 7 values, expected 6",
        ),
        "separator too many behind a number of the row": (
            numbered(name="id").replace("\n", ",\n", 2).replace(",\n", "\n", 1),
            "line 2: Got 8 values, expected 7",
        ),
        "name too few": (
            text([[*r, 0.5] for r in ROWS]), "Got 7 values under 6 names"),
        "comma in a name": (
            text(header=["temp (C, avg)", *HEADER[1:]]),
            "line 2: Got 6 values, expected 7",
        ),
        "quote that is not closed in the first line": (
            '"' + plain, "line 1: Got a quotation mark"),
        "quote that is not closed": (
            with_cell(4, 0, '"5'), "line 6: Got a quotation mark"),
        "all rows are comments": (
            text([[f"#{i}", *r] for i, r in enumerate(ROWS)], ["id", *HEADER]),
            "no rows: .*24 comment lines skipped",
        ),
        "line numbers behind comments": (
            "# a\n\nTitle\n" + with_cell(0, 0, "x9"), r"line 5, column 'temp': Got 'x9'"
        ),
        "line numbers behind quoted line ends": (
            with_cell(4, 0, "red", header=['"te\nmp"', *HEADER[1:]]),
            r"line 7, column 'te.*mp': Got 'red'",
        ),
        "names twice": (
            text(header=[*HEADER[:4], "flow", TARGET]), "Got 'flow' more than once"
        ),
        "other names": (
            plain.replace(TARGET, "y"), "Got target='strength', expected one of .*'y'"
        ),
        "one column": (text([[1.5], [2.5]], [TARGET]), "no column beside the target"),
        "column of texts": (
            text([[*r, "a"] for r in ROWS], [*HEADER, "remark"]),
            r"column 'remark': Got 'a'.*--ignore 'remark'",
        ),
        "a web page": ("<!DOCTYPE html>\n<html>\n<p>404, not found</p>\n</html>\n",
                       "expected one of the columns"),
        "json": (json.dumps({"temp": [1, 2]}), "expected one of the columns"),
        "too large": (
            with_cell(1, 1, "1e200"), "Got 1.0e.200 .*between 1e-150 and 1e.150"),
        "too few rows": ("".join(lines[:9]), "Got 8 rows for 5 folds"),
    }  # fmt: skip
    tables = {
        kind: (content.encode(), ".csv", [], message)
        for kind, (content, message) in texts.items()
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "b")
    return tables | {
        "gzip, cut short": (damaged, ".csv.gz", [], "gzip|ended|Compressed"),
        "zip, no workbook": (archive.getvalue(), ".xlsx", [], "is no workbook"),
        "workbook, sheet cut short": (
            _cut_short(_workbook([HEADER, *ROWS])), ".xlsx", [], "a damaged workbook"),
        "old workbook": (b"\xd0\xcf\x11\xe0" + bytes(99), ".xls", [], "old spread"),
        "bytes": (bytes(range(256)) * 9, ".csv", [], "neither a text nor a table"),
        "picture": (b"\x89PNG\r\n\x1a\n" + bytes(99), ".csv", [], "is a picture"),
        "Parquet, damaged": (b"PAR1" + bytes(99), ".parquet", [], "damaged Parquet"),
        "wrong encoding": (
            "tämp,y\n1,2\n".encode("latin-1"), ".csv", ["--encoding", "utf-8"],
            "not a text in utf-8",
        ),
        "unknown encoding": (
            plain.encode(), ".csv", ["--encoding", "utf-99"], "Got encoding='utf-99'"
        ),
        "no such sheet": (
            _workbook([HEADER, *ROWS]), ".xlsx", ["--sheet", "Runs"],
            "Got sheet='Runs', expected one of those .*'Sheet1'",
        ),
        "empty sheet": (_workbook([]), ".xlsx", [], "is empty"),
        "date in a workbook": (
            _workbook([HEADER, *ROWS[:-1], [1, 2, "3.4.", 4, 5, 6]]),
            ".xlsx", [], "row 25, column 'flow': Got '3.4.'",
        ),
        "blank rows in a workbook": (
            _workbook([["Bench 7"], [], HEADER, [], ROWS[0], [], [1, "", 3, 4, 5, 6]]),
            ".xlsx", [], "row 7, column 'pressure'"),
        "no such input": (
            plain.encode(), ".csv", ["--inputs", "temp,speed"], "Got inputs='speed'"
        ),
        "target among the inputs": (
            plain.encode(), ".csv", ["--inputs", "temp,strength"], "two uses"
        ),
        "input that is ignored": (
            plain.encode(), ".csv", ["--inputs", "temp,flow", "--ignore", "flow"],
            "Got 'flow' for two uses",
        ),
        "text that is named as missing": (
            with_cell(4, 0, "Red").encode(), ".csv", ["--na-values", "red"],
            r"line 6, column 'temp': Got a missing value \('Red'\).*--drop-missing",
        ),
        "number that is named as missing": (
            with_cell(4, 0, "-99").encode(), ".csv", ["--na-values=-99.0"],
            r"line 6, column 'temp': Got a missing value \('-99'\).*--drop-missing",
        ),
        "no such group": (
            plain.encode(), ".csv", ["--group", "lab"], "Got group='lab'"
        ),
        "header beyond the end": (
            plain.encode(), ".csv", ["--header", "99"], "Got header=99, expected a line"
        ),
    }  # fmt: skip


def suspicious_tables():
    """List tables that are read, with a warning before the fit.

    Returns
    -------
    dict of (content, warning)
        By kind: the text, and what the warning says.
    """
    rows = ROWS

    def marked(value, column=2, every=6):
        marks = [[*r] for r in rows]
        for row in marks[::every]:
            row[column] = value
        return text(marks)

    return {
        "-999": (marked("-999"), "'flow' is -999 in 4 rows.*--na-values=-999"),
        "eight digits": (
            marked("99999999"),
            "'flow' is 99999999 in .*--na-values=99999999",
        ),
        "-9999.999": (
            marked("-9999.999"),
            r"'flow' is -9999\.999 in .*--na-values=-9999\.999",
        ),
        "single precision": (
            marked("-999.9000244140625"),
            r"'flow' is -999\.9 in .*--na-values=-999\.9 ",
        ),
        "9999": (marked("9999"), "'flow' is 9999 in 4 rows"),
        "-99.99": (marked("-99.99"), "'flow' is -99.99 in 4 rows"),
        "1e20": (marked("1e20"), r"'flow' is 1e\+20 in 4 rows"),
        "netCDF": (marked("9.969209968386869e36"), r"'flow' is 9.96921e\+36 in 4 rows"),
        "-999 once": (marked("-999", every=99), "'flow' is -999 in 1 row,"),
        "-999 in the target": (marked("-999", column=5), "'strength' is -999 in 4"),
        "constant": (marked("3", every=1), "'flow' is 3 in all rows"),
        "constant target": (marked("3", 5, 1), "target 'strength' is 3 in all rows"),
        "column twice": (
            text([[*r[:5], r[0], r[5]] for r in rows], [*NAMES, "T2", TARGET]),
            "'temp' and 'T2' hold the same values",
        ),
        "target among the inputs": (
            text([[*r[:5], r[5], r[5]] for r in rows], [*NAMES, "S", TARGET]),
            "'S' holds the same values as the target",
        ),
        "row number from 0": (numbered(name="id"), "'id' counts the rows"),
        "row number from 1": (numbered(1, name="nr"), "'nr' counts the rows"),
        "rows repeated": (text(rows + rows[:3]), "3 rows repeat another one"),
    }
