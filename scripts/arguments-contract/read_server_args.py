"""Reads the options of an SGLang server out of its server_args.py, without running any of it.

Usage: python3 read_server_args.py PATH. Prints one JSON object: {"flags": [...], "unread": [...]}.

Two ways to declare an option are known: calls of `parser.add_argument(...)` in `add_cli_args`, and fields that are
annotated as `A[type, "help"]` or `A[type, Arg(...)]`, which SGLang registers by itself. Lists of choices are followed into
the modules that they are imported from where these lie beside the file, as they do in an unpacked package. What cannot be
told without running code is named in "unread", and the contract does not check it.
"""

import ast
import json
import sys
from pathlib import Path

from source_values import Unread, assignment, evaluate, find_class, keywords, open_module, packages_of

# How argparse's `type=` is called in a contract.
TYPES = {
    "str": "str",
    "int": "int",
    "float": "float",
    "human_readable_int": "humanInt",
    "json.loads": "json",
    "json_list_type": "json",
    "nullable_str": "str",
}
ANNOTATED = ("A", "Annotated")


class Reader:
    """Collects the options of one server_args.py."""

    def __init__(self, path):
        self.module = open_module(path, packages_of(path))
        self.flags = []
        self.unread = []
        if "ServerArgs" not in self.module.classes:
            raise SystemExit(f"{path}: no class ServerArgs in it")
        self.server_args = self.module.classes["ServerArgs"]
        self.renamed = self._renamed_fields()

    def read(self):
        self._read_annotated()
        for call, local in self._calls():
            self._guarded(call, self._add_argument, call, local)
        return {"flags": self.flags, "unread": self.unread}

    def _method(self, name):
        for node in self.server_args.body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return node
        return None

    def _renamed_fields(self):
        """`args.tp_size = args.tensor_parallel_size` in from_cli_args: the field goes by the first name."""
        renamed = {}
        for node in ast.walk(self._method("from_cli_args") or ast.Module([], [])):
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Attribute):
                continue
            target = node.targets[0]
            if isinstance(target, ast.Attribute) and ast.unparse(node.value.value) == "args":
                renamed[node.value.attr] = target.attr
        return renamed

    def _calls(self):
        """Calls of add_argument in order, with the local names that are known at that place."""
        method = self._method("add_cli_args")
        local = {}
        for node in method.body if method else []:
            target, value = assignment(node)
            if target is not None and value is not None:
                local[target] = value
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument":
                    yield call, dict(local)

    def _guarded(self, node, read, *arguments):
        try:
            read(*arguments)
        except Unread as reason:
            where = f"line {node.lineno}"
            self.unread.append({"flag": None, "what": "flag", "reason": f"{where}: {reason}"})

    def _add_argument(self, call, local):
        names = [evaluate(name, self.module, local) for name in call.args]
        if names and names[0].startswith("--"):
            self._add(names, keywords(call), self.module, local)

    def _add(self, names, given, module, local):
        """One option from the keywords of add_argument."""
        action = ast.unparse(given["action"]).split(".")[-1] if "action" in given else "store"
        default_dest = names[0].lstrip("-").replace("-", "_")
        dest = evaluate(given["dest"], module, local) if "dest" in given else default_dest
        flag = {"names": names, "dest": self.renamed.get(dest, dest)}
        flag.update(self._kind(names, given, action.strip("'")))
        for key in ("nargs", "choices", "default", "required"):
            if key in given:
                self._part(flag, key, given[key], module, local)
        self._finish(flag, given, action.strip("'"), module, local)

    def _kind(self, names, given, action):
        if action in ("store_true", "store_false", "DeprecatedStoreTrueAction"):
            return {"type": "flag"}
        if action in ("DeprecatedAction", "DeprecatedStoreConstAction"):
            takes_value = "nargs" in given and ast.unparse(given["nargs"]) == "None"
            return {"type": "str" if takes_value else "flag"}
        if action == "BooleanOptionalAction":
            return {"type": "switch"}
        reader = ast.unparse(given["type"]) if "type" in given else "str"
        if reader in TYPES:
            return {"type": TYPES[reader]}
        self._note(names[0], "type", reader)
        return {"type": "any"}

    def _part(self, flag, key, node, module, local):
        try:
            flag[key] = evaluate(node, module, local)
        except Unread as reason:
            self._note(flag["names"][0], key, str(reason))

    def _note(self, flag, what, reason):
        self.unread.append({"flag": flag, "what": what, "reason": reason})

    def _finish(self, flag, given, action, module, local):
        if flag["type"] == "switch":
            flag["names"] = flag["names"] + [f"--no-{name[2:]}" for name in flag["names"]]
        if flag["type"] == "flag" and "default" not in flag and "default" not in given:
            flag["default"] = False
        nargs = flag.pop("nargs", None)
        if nargs in ("+", "*", "?"):
            flag["nargs"] = nargs
        elif nargs not in (None, 0):
            self._note(flag["names"][0], "nargs", repr(nargs))
            flag["type"] = "any"
        if "choices" in flag:
            flag["choices"] = [str(choice) for choice in flag["choices"] if choice is not None]
        if flag.pop("required", False):
            flag["isRequired"] = True
        self._deprecation(flag, given, action, module, local)
        self.flags.append(flag)

    def _deprecation(self, flag, given, action, module, local):
        texts = {key: self._text(given[key], module, local) for key in ("error_message", "help", "new_flag") if key in given}
        text = texts.get("error_message") or texts.get("help")
        if text is None and texts.get("new_flag"):
            text = f"Use {texts['new_flag']}."
        if action.startswith("Deprecated") or (text or "").lstrip("[(").lower().startswith("deprecated"):
            flag["deprecated"] = text or "It is deprecated."
        if action == "DeprecatedAction":
            flag["effect"] = "stops" if self._stops(given) else "none"

    def _stops(self, given):
        """Whether the server ends at the flag: older ones raise, newer ones only if they are given a message."""
        if "error_message" in given:
            return True
        owner, name = find_class("DeprecatedAction", self.module)
        return any(isinstance(node, ast.Raise) for node in ast.walk(owner.classes[name]))

    def _text(self, node, module, local):
        try:
            return str(evaluate(node, module, local))
        except Unread:
            return None

    def _read_annotated(self):
        for module, body in self._records():
            for statement in body:
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                    self._guarded(statement, self._annotated, statement, module)

    def _records(self):
        """The class itself, and the records beside the file that SGLang puts it together from."""
        yield self.module, self.server_args.body
        folder = self.module.path.parent / "arg_groups" / "fields"
        for path in sorted(folder.glob("*.py")):
            module = open_module(path, self.module.packages)
            for record in module.classes.values():
                if any(assignment(statement)[0] == "_NS_PATH" for statement in record.body):
                    yield module, record.body

    def _annotated(self, statement, module):
        annotation = statement.annotation
        is_annotated = isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).split(".")[-1] in ANNOTATED
        if not is_annotated or not isinstance(annotation.slice, ast.Tuple):
            return
        kind, *metadata = annotation.slice.elts
        given = next((keywords(item) for item in metadata if is_arg(item)), None)
        if given is None:
            texts = [item for item in metadata if isinstance(item, (ast.Constant, ast.JoinedStr, ast.BinOp))]
            given = {"help": texts[0]} if texts else None
        if given is None or ("no_cli" in given and evaluate(given["no_cli"], module, {}) is True):
            return
        field = statement.target.id
        name = evaluate(given["cli_name"], module, {}) if "cli_name" in given else f"--{field.replace('_', '-')}"
        aliases = evaluate(given["aliases"], module, {}) if "aliases" in given else []
        self._add([name, *aliases], self._as_keywords(statement, kind, given), module, {})

    def _as_keywords(self, statement, kind, given):
        """The keywords that SGLang's add_cli_args_from_dataclass hands to argparse for the field."""
        result = {key: given[key] for key in ("help", "choices", "nargs", "action") if key in given}
        result["dest"] = ast.Constant(statement.target.id)
        if statement.value is not None:
            result["default"] = default_of(statement.value)
        else:
            result["required"] = ast.Constant(True)
        inner = without_none(kind)
        container, arguments = split_subscript(inner)
        if "action" in given:
            return {**result, **({"new_flag": given["new_flag"]} if "new_flag" in given else {})}
        if container == "Literal":
            values = arguments
            result.setdefault("choices", ast.List(values, ast.Load()))
            result["type"] = given.get("type_parser", ast.Name("int" if isinstance(values[0].value, int) else "str"))
        elif container in ("List", "list") and "type_parser" not in given:
            result.setdefault("nargs", ast.Constant("+"))
            result["type"] = scalar(arguments[0]) if arguments else ast.Name("str")
        elif ast.unparse(inner) == "bool" and "type_parser" not in given:
            result["action"] = ast.Constant("store_true")
        else:
            result["type"] = given.get("type_parser", scalar(inner))
        return result


def is_arg(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Arg"


def default_of(node):
    """`field(default_factory=list)` as the expression of its value; others as they are."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func).split(".")[-1] != "field":
        return node
    given = keywords(node)
    factory = given.get("default_factory")
    if isinstance(factory, ast.Lambda):
        return factory.body
    if factory is not None and ast.unparse(factory) == "list":
        return ast.List([], ast.Load())
    return given.get("default", node)


def split_subscript(node):
    if not isinstance(node, ast.Subscript):
        return None, []
    arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return ast.unparse(node.value).split(".")[-1], arguments


def without_none(node):
    """`Optional[X]`, `Union[X, None]` and `X | None` as X."""
    container, arguments = split_subscript(node)
    if container == "Optional":
        return arguments[0]
    if container == "Union":
        rest = [item for item in arguments if ast.unparse(item) != "None"]
        return rest[0] if len(rest) == 1 else node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = [side for side in (node.left, node.right) if ast.unparse(side) != "None"]
        return without_none(sides[0]) if len(sides) == 1 else node
    return node


def scalar(node):
    """The type that argparse reads with; SGLang reads what it does not know as text."""
    return node if ast.unparse(node) in ("str", "int", "float") else ast.Name("str")


if __name__ == "__main__":
    if sys.version_info < (3, 9):
        raise SystemExit("Python 3.9 or later is needed")
    if len(sys.argv) != 2:
        raise SystemExit("usage: read_server_args.py PATH")
    try:
        print(json.dumps(Reader(Path(sys.argv[1])).read()))
    except (OSError, SyntaxError, UnicodeDecodeError) as fault:
        raise SystemExit(f"{sys.argv[1]}: {fault}") from fault
