import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from archive import RULES, judge  # noqa: E402


def main():
    wrong = 0
    for path in sys.argv[1:]:
        faults = judge(pathlib.Path(path).read_bytes())
        wrong += bool(faults)
        print(f"{path}: {len(faults)} faults of {len(RULES)} rules")
        for fault in faults:
            print("  ", fault)
    return wrong != 0


sys.exit(main())
