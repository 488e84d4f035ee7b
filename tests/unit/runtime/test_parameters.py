import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo_core.runtime.config import TrainerConfig
from zoo_core.runtime.parameters import FlatParameters, LayerParameters, flatten, make_parameters
from zoo_core.runtime.step import make_optimizer


def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(5, "tanh"), keras.layers.Dense(2)])


def values(variables) -> list[np.ndarray]:
    return [np.asarray(v).copy() for v in variables]


def test_flat_parameters_gather_and_spread_are_inverses():
    model = network()
    parameters = FlatParameters(model.trainable_variables)
    before = values(model.variables)
    for variable in model.variables:
        variable.assign(np.zeros(variable.shape))
    parameters.spread()
    assert all((np.asarray(v) == b).all() for v, b in zip(model.variables, before, strict=True))
    model.variables[0].assign(np.ones(model.variables[0].shape))
    parameters.gather()
    assert (np.asarray(parameters.optimized[0])[: np.asarray(model.variables[0]).size] == 1).all()


def test_layer_parameters_are_the_models_own_variables():
    model = network()
    parameters = LayerParameters(model.trainable_variables)
    assert all(a is b for a, b in zip(parameters.optimized, model.trainable_variables, strict=True))


@pytest.mark.parametrize("kind", [FlatParameters, LayerParameters])
def test_gradients_have_the_shapes_of_what_is_optimized_and_lose_nothing(kind):
    model = network()
    flat = flatten([tf.constant(v) for v in values(model.trainable_variables)])
    parameters = kind(model.trainable_variables)
    gradients = parameters.gradients(flat)
    assert [g.shape for g in gradients] == [tuple(v.shape) for v in parameters.optimized]
    assert (flatten(gradients).numpy() == flat.numpy()).all()


@pytest.mark.parametrize(
    ("optimizer", "kind"),
    [("adam", FlatParameters), ("adamw", FlatParameters), ("sgd", FlatParameters), ("lamb", LayerParameters)],
)
def test_an_optimizer_that_looks_at_layers_sees_them(optimizer, kind):
    made = make_parameters(network().trainable_variables, make_optimizer(TrainerConfig(optimizer=optimizer)))
    assert isinstance(made, kind)


def test_lamb_over_one_flat_variable_would_be_another_optimizer():
    """The reason for `LayerParameters`: an update by Keras itself, over both kinds of variables."""
    updated = []
    for kind in (FlatParameters, LayerParameters):
        model = network()
        parameters = kind(model.trainable_variables)
        optimizer = keras.optimizers.Lamb(0.1)
        flat = tf.random.stateless_normal([sum(v.size for v in values(model.trainable_variables))], [0, 1])
        optimizer.apply_gradients(zip(parameters.gradients(flat), parameters.optimized, strict=True))
        parameters.spread()
        updated.append(np.concatenate([v.ravel() for v in values(model.trainable_variables)]))
    assert not np.allclose(*updated, atol=1e-3)
