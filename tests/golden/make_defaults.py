"""Keras' arguments and their defaults, for each class that a case of this folder names: keras_defaults.json

    python make_defaults.py

The cases give only some of the arguments of a class; this table gives the others. Needs keras, with any backend.
"""
import inspect
import json
import pathlib

import keras
from keras.optimizers import schedules

FOLDER = pathlib.Path(__file__).parent

# Family: where its classes are, and the class whose arguments all of them take.
FAMILIES = {
    "layers": (keras.layers, keras.layers.Layer),
    "losses": (keras.losses, keras.losses.Loss),
    "metrics": (keras.metrics, keras.metrics.Metric),
    "optimizers": (keras.optimizers, keras.optimizers.Optimizer),
    "schedules": (schedules, None),
    "initializers": (keras.initializers, None),
}


def arguments_of(function):
    """{"required": [names], "defaults": {name: value}}"""
    required, defaults = [], {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.default is parameter.empty:
            required.append(parameter.name)
        else:
            defaults[parameter.name] = parameter.default
    return {"required": required, "defaults": defaults}


def arguments_of_class(cls, base):
    arguments = arguments_of(cls.__init__)
    if base is not None:
        arguments["defaults"] = arguments_of(base.__init__)["defaults"] | arguments["defaults"]
    return arguments


def index(family):
    return json.loads((FOLDER / f"{family}.json").read_text())


def named_classes():
    """Family: the classes that its cases name, also inside of other cases."""
    layers, optimizers, runs = index("layers")["cases"] + index("merging")["cases"], index("optimizers"), index("runs")["cases"]
    rates = [c["config"].get("learning_rate") for c in optimizers["cases"]]
    return {
        "layers": {c["layer"] for c in layers} | {layer for c in runs for layer, _ in c["model"]},
        "losses": {c["loss"] for c in index("losses")["cases"]},
        "metrics": {c["metric"] for c in index("metrics")["cases"]} - {"sklearn"},
        "optimizers": {c["optimizer"] for c in optimizers["cases"] + runs},
        "schedules": {c["schedule"] for c in optimizers["schedules"]["cases"]}
                     | {rate["class_name"] for rate in rates if isinstance(rate, dict)},
        "initializers": {c["initializer"] for c in index("initializers")["cases"]},
    }


def main():
    families = []
    for family, names in named_classes().items():
        module, base = FAMILIES[family]
        lines = [f"  {json.dumps(name)}: {json.dumps(arguments_of_class(getattr(module, name), base))}" for name in sorted(names)]
        families.append(f' "{family}": {{\n' + ",\n".join(lines) + "\n }")
    families.append(f' "methods": {{\n  "fit": {json.dumps(arguments_of(keras.Model.fit))}\n }}')
    text = f'{{\n "keras": {json.dumps(keras.__version__)},\n' + ",\n".join(families) + "\n}\n"
    (FOLDER / "keras_defaults.json").write_text(text)


if __name__ == "__main__":
    main()
