"""What expressions in Python source stand for, found by reading alone: constants, lists, names, attributes of classes."""

import ast


class Unread(Exception):
    """The source alone does not tell the value."""


class Module:
    """One source file: its top-level names, and how to find those that it imports."""

    def __init__(self, path, packages):
        self.path = path
        self.packages = packages
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        self.values = {}
        self.classes = {}
        self.functions = {}
        self.imports = {}
        for node in tree.body:
            self.note(node)

    def note(self, node):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            self.values[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            self.values[node.target.id] = node.value
        elif isinstance(node, ast.ClassDef):
            self.classes[node.name] = node
        elif isinstance(node, ast.FunctionDef):
            self.functions[node.name] = node
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                self.imports[alias.asname or alias.name] = (node.module, alias.name)

    def follow(self, name):
        """The module that `name` is imported from, and its name there."""
        if name not in self.imports or self.packages is None:
            raise Unread(f"{name} is not in this file")
        module, original = self.imports[name]
        base = self.packages.joinpath(*module.split("."))
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                return open_module(path, self.packages), original
        raise Unread(f"{name} comes from {module}, which is not beside the file")


MODULES = {}


def open_module(path, packages):
    if path not in MODULES:
        MODULES[path] = Module(path, packages)
    return MODULES[path]


def packages_of(path):
    """The folder that holds the package `sglang` which the file lies in, or None."""
    for folder in path.resolve().parents:
        if folder.name == "sglang":
            return folder.parent
    return None


def evaluate(node, module, local):
    """The plain value of an expression. `local` has the assignments of the function around it."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, (ast.List, ast.Tuple)):
        return [item for element in node.elts for item in elements(element, module, local)]
    if isinstance(node, ast.Set):
        # A set has no order of its own.
        return sorted((evaluate(element, module, local) for element in node.elts), key=str)
    if isinstance(node, ast.Dict):
        return {evaluate(key, module, local): None for key in node.keys if key is not None}
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -number(evaluate(node.operand, module, local), node)
    if isinstance(node, ast.BinOp):
        return combined(node, module, local)
    if isinstance(node, ast.Subscript):
        return item_of(node, module, local)
    if isinstance(node, ast.Name):
        return evaluate_name(node.id, module, local)
    if isinstance(node, ast.Attribute):
        return evaluate_attribute(node, module)
    if isinstance(node, ast.Call):
        return evaluate_call(node, module, local)
    raise Unread(ast.unparse(node))


def elements(node, module, local):
    if isinstance(node, ast.Starred):
        return list(evaluate(node.value, module, local))
    return [evaluate(node, module, local)]


def number(value, node):
    if isinstance(value, (int, float)):
        return value
    raise Unread(ast.unparse(node))


def combined(node, module, local):
    left, right = evaluate(node.left, module, local), evaluate(node.right, module, local)
    if isinstance(node.op, ast.Add) and type(left) is type(right) and isinstance(left, (str, list, int, float)):
        return left + right
    if isinstance(node.op, ast.Mult):
        return number(left, node) * number(right, node)
    raise Unread(ast.unparse(node))


def item_of(node, module, local):
    values, place = evaluate(node.value, module, local), evaluate(node.slice, module, local)
    if isinstance(values, list) and isinstance(place, int) and -len(values) <= place < len(values):
        return values[place]
    raise Unread(ast.unparse(node))


def evaluate_name(name, module, local):
    if name in local:
        return evaluate(local[name], module, {key: value for key, value in local.items() if key != name})
    if name in module.values:
        return evaluate(module.values[name], module, {})
    other, original = module.follow(name)
    return evaluate_name(original, other, {})


def evaluate_attribute(node, module):
    """An attribute of a class, such as a default of the dataclass or a table of parsers."""
    if not isinstance(node.value, ast.Name):
        raise Unread(ast.unparse(node))
    owner, name = find_class(node.value.id, module)
    for statement in owner.classes[name].body:
        target, value = assignment(statement)
        if target == node.attr and value is not None:
            return evaluate_default(value, owner)
    raise Unread(ast.unparse(node))


def find_class(name, module):
    while name not in module.classes:
        module, name = module.follow(name)
    return module, name


def assignment(statement):
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id, statement.value
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id, statement.value
    return None, None


def evaluate_default(node, module):
    """The value of a field, whose default may be made by a factory."""
    is_field = isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "field"
    if not is_field:
        return evaluate(node, module, {})
    given = keywords(node)
    if "default" in given:
        return evaluate(given["default"], module, {})
    factory = given.get("default_factory")
    if isinstance(factory, ast.Lambda):
        return evaluate(factory.body, module, {})
    if factory is not None and ast.unparse(factory) in ("list", "dict"):
        return [] if ast.unparse(factory) == "list" else {}
    raise Unread(ast.unparse(node))


def evaluate_call(node, module, local):
    called = ast.unparse(node.func)
    if called in ("list", "tuple", "set", "frozenset", "sorted") and len(node.args) == 1:
        values = evaluate(node.args[0], module, local)
        if isinstance(values, (list, dict)):
            return list(values)
    if called.endswith(".keys") and isinstance(node.func, ast.Attribute):
        return list(evaluate(node.func.value, module, local))
    if called in module.functions and not node.args:
        return last_return(called, module)
    raise Unread(ast.unparse(node))


def last_return(name, module):
    """What a function without arguments gives where none of its early returns applies."""
    function = module.functions[name]
    last = function.body[-1]
    if not isinstance(last, ast.Return) or last.value is None:
        raise Unread(f"{name}()")
    for statement in function.body:
        if isinstance(statement, ast.ImportFrom):
            module.note(statement)
    return evaluate(last.value, module, {})


def keywords(call):
    return {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
