"""What CPython says of each file. Needs no package: it is run with the newest interpreter at hand.

    python -I compiled.py FOLDER < LIST

LIST has a path below FOLDER a line, and for each this prints a line of JSON: the path, and what is wrong with
it (null: nothing). Nothing is executed. A file that ends the interpreter is the one after the last line.
"""

import json
import sys
import warnings


def main(folder: str) -> None:
    for name in sys.stdin.read().splitlines():
        problem = None
        try:
            with open(f"{folder}/{name}", "rb") as file:  # noqa: PTH123
                compile(file.read(), name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"
        except (MemoryError, RecursionError) as error:  # CPython's own limits
            problem = f"{type(error).__name__}: {error}"
        print(json.dumps([name, problem]), flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1])
