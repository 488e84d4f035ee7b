"""The checks of a topology."""

import re
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from zoo_core.contract import ConfigError, Topology
from zoo_core.testing.checks import Checks
from zoo_core.testing.promises import broken, said, working
from zoo_core.testing.topology_network import built, images_for, least_edge, with_head, with_statistics

CHECKSUM = re.compile(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}")
BFLOAT16 = "mixed_bfloat16"
LIKE = 0.95
"""Least cosine of features in bfloat16, whose numbers have 8 bits, and in float32."""

TOLERANCE = 1e-4
"""Of the largest value: sums of float32 in another order, through a hundred layers."""

IN_TRAINING = 20 * TOLERANCE
"""Moments of a batch of four magnify rounding from layer to layer."""

ODD = (5, 12)
"""px more than the smallest edge: height and width of an image that no stride divides."""

N_CHANNELS = 2


class TopologyTests(Checks):
    """What every topology keeps; subclass it and override `topology`.

        class TestMyNet(TopologyTests):
            @pytest.fixture(scope="class")
            @classmethod
            def topology(cls):
                return MyNet(MyNetConfig())

    Networks are built for the smallest images that it takes.
    """

    kind: ClassVar[str] = "topology"

    @pytest.fixture(scope="class")
    @classmethod
    def topology(cls) -> Topology:
        """The topology."""
        raise NotImplementedError("override the fixture 'topology': return the topology")

    @pytest.fixture(scope="class")
    @classmethod
    def smallest(cls, topology: Topology) -> tuple[int, Any]:
        """Edge in px of the smallest image, and the network for it."""
        return least_edge(topology)

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, topology: Topology, smallest: tuple[int, Any]) -> Any:
        """The network with a head."""
        return with_head(smallest[1], topology.scaling)

    def test_it_has_the_members_of_a_topology(self, topology: Topology) -> None:
        """Every member of the protocol is there and can be called as the contract says."""
        self.keep_the_contract(topology)

    def test_weights_say_where_they_come_from(self, topology: Topology) -> None:
        """Published weights have a source, a licence, a data set, a checksum that can be one, and an input scaling."""
        for name, weights in topology.weights.items():
            for field in ("source", "licence", "trained_on"):
                if not str(getattr(weights, field) or "").strip():
                    broken(f"Weights '{name}' say their {field}", "nothing", f"fill in Weights.{field}")
            if weights.checksum is not None and not CHECKSUM.fullmatch(weights.checksum):
                broken(
                    f"The checksum of weights '{name}' is sha256:... or md5:... in small hexadecimal digits, or None",
                    repr(weights.checksum),
                    "mend Weights.checksum",
                )
        scalings = {"itself": topology.scaling} | {name: weights.scaling for name, weights in topology.weights.items()}
        for name, scaling in scalings.items():
            sound = len(scaling.mean) == len(scaling.std) == 3 and min(scaling.std) > 0
            if not sound or scaling.factor not in (1, 255) or scaling.channel_order not in ("rgb", "bgr"):
                broken(f"The input scaling of {name} is of three channels, rgb or bgr", scaling, "mend InputScaling")

    def test_an_image_that_is_too_small_is_refused_with_sizes(self, topology: Topology) -> None:
        """`build` raises ConfigError that says which sizes it takes, or takes one pixel."""
        try:
            topology.build((1, 1, 3))
        except ConfigError as error:
            if "Received" not in str(error) or not re.search(r"\d", str(error)):
                broken("The error names the smallest size, and what came", error, "end it in 'Received: ... px'")
        except Exception as error:  # noqa: BLE001 - a stranger's network may raise anything
            broken("build() refuses 1 x 1 px with ConfigError, or builds for it", said(error), "look at the size first")

    def test_features_are_a_map(self, smallest: tuple[int, Any]) -> None:
        """The network gives (example, y, x, c), finite, of as many channels as it says."""
        _, backbone = smallest
        found, wanted = np.asarray(backbone(images_for(backbone))), backbone.output_shape
        if found.ndim != 4 or len(wanted) != 4 or wanted[-1] != found.shape[-1]:
            broken("A topology gives (example, y, x, c)", f"{found.shape}, called {wanted}", "leave the head away")
        if not np.isfinite(found).all():
            broken("Features are finite", "NaN or infinity", "mend the network")

    def test_an_odd_size_is_built(self, topology: Topology, smallest: tuple[int, Any]) -> None:
        """Every image at least as large as the smallest is taken: no square, of sides that no stride divides."""
        shape = (smallest[0] + ODD[0], smallest[0] + ODD[1], N_CHANNELS)
        with working(f"build() takes {shape[0]} x {shape[1]} px and {N_CHANNELS} channels", "use input_shape alone"):
            backbone = built(topology, shape)
            found = np.asarray(backbone(images_for(backbone)))
        if tuple(backbone.input_shape[1:]) != shape or found.ndim != 4 or not np.isfinite(found).all():
            broken(f"A network for {shape} takes it and gives finite features", backbone.input_shape, "mend build")

    def test_it_computes_in_bfloat16_as_in_float32(self, topology: Topology, smallest: tuple[int, Any]) -> None:
        """Under Keras's policy mixed_bfloat16 it computes in bfloat16, from variables in float32."""
        edge, backbone = smallest
        with working(f"build() works under the policy {BFLOAT16}", "name no dtype"):
            lower = built(topology, (edge, edge, 3), BFLOAT16)
            lower.set_weights(backbone.get_weights())
        kinds = {str(variable.dtype) for variable in lower.trainable_variables}
        if str(lower.output.dtype) != "bfloat16" or not kinds <= {"float32"}:
            came = f"features in {lower.output.dtype}, variables in {', '.join(sorted(kinds)) or 'none'}"
            broken(f"Under {BFLOAT16} features are bfloat16, variables float32", came, "name no dtype in layers")
        images = images_for(backbone)
        one, other = (np.asarray(net(images), np.float32).ravel() for net in (backbone, lower))
        cosine = float(one @ other) / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-30)
        if one.any() and not cosine > LIKE:
            broken(
                f"Features in bfloat16 are like those in float32, cosine above {LIKE}", f"{cosine:.3f}", "mend build"
            )

    def test_fused_batch_norm_gives_the_same(self, topology: Topology, smallest: tuple[int, Any]) -> None:
        """The zoo's faster batch norm computes what the network's own does, in inference and in training."""
        from zoo_core.models.batch_norm import fuse_batch_norm

        backbone = with_statistics(built(topology, (smallest[0], smallest[0], 3)))
        weights, images = backbone.get_weights(), images_for(backbone)
        is_random = any("seed_generator" in variable.path for variable in backbone.variables)
        ways = (False,) if is_random else (False, True)  # dropout never drops the same twice
        own = [np.asarray(backbone(images, training=training)) for training in ways]
        backbone.set_weights(weights)
        fuse_batch_norm(backbone)
        for training, wanted in zip(ways, own, strict=True):
            if reason := far(wanted, backbone(images, training=training), IN_TRAINING if training else TOLERANCE):
                broken(
                    f"Fused batch norm gives the same {'in training' if training else 'in inference'}",
                    reason,
                    "use keras.layers.BatchNormalization as it is, or a subclass of it",
                )

    def test_outputs_do_not_depend_on_batch_mates(self, model: Any) -> None:
        """In inference an image gives the same alone as among others."""
        images = images_for(model)
        alone = np.concatenate([np.asarray(model(image[np.newaxis], training=False)) for image in images])
        if reason := far(model(images, training=False), alone):
            broken("Outputs of an image do not depend on its batch-mates", reason, "normalise by moving statistics")

    def test_a_saved_network_gives_the_same(self, model: Any, tmp_path: Path) -> None:
        """Plain Keras reads the file of a trained model, without the topology's code."""
        import keras

        model.save(tmp_path / "model.keras")
        with working("Plain Keras loads the network", "use Keras's own layers"):
            loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
        images = images_for(model)
        if reason := far(model(images, training=False), loaded(images, training=False)):
            broken("A saved network gives the same when it is loaded", reason, "keep all that it learns in variables")


def far(one: Any, other: Any, tolerance: float = TOLERANCE) -> str | None:
    """How far two outputs are apart, in words; None where rounding explains it."""
    one, other = np.asarray(one), np.asarray(other)
    largest, allowed = np.abs(one - other).max(), tolerance * max(1.0, np.abs(one).max())
    return None if largest <= allowed else f"values up to {largest:.3g} apart, of up to {np.abs(one).max():.3g}"
