"""The configuration of a run: frozen records, checked when they are made."""

from dataclasses import dataclass, field
from typing import Any, Literal

from zoo_core.contract import ConfigError
from zoo_core.data.order import Sharding
from zoo_core.distributed.remote import ssh_words
from zoo_core.distributed.slots import fill_slots, parse_hosts

StoreUse = Literal["slow", "always", "never"]
Optimizer = Literal["adam", "adamw", "sgd", "lamb"]
Schedule = Literal["constant", "cosine", "plateau"]
ExampleOrder = Literal["exact", "shards"]
BatchNorm = Literal["per-rank", "cross-rank"]
RateRule = Literal["none", "linear", "sqrt"]
WireType = Literal["float32", "float16"]


@dataclass(frozen=True)
class Choice:
    """A plugin by name, with its options.

    Attributes:
        name: of the entry point.
        options: the plugin's own frozen configuration.
    """

    name: str
    options: Any


@dataclass(frozen=True)
class TopologyChoice(Choice):
    """A topology by name, with its options and its weights.

    Attributes:
        weights: "random", a name that `zoo info TOPOLOGY` lists, a folder of a keras-cv preset, or a weights file.
    """

    weights: str = "random"


@dataclass(frozen=True)
class SplitConfig:
    """How examples are parted; groups are never cut through.

    Attributes:
        name: the source's own split ("official") or that of a group ("patient-hash"); empty for the first of these that
            there is.
        group_by: the group that may not straddle parts, such as "patient_id"; empty for the data set's default. A row
            that names none, such as an empty well by "treatment", is of its group of the default, here of its own well.
        validation: share of the groups that validate.
        test: share of the groups that test, where the source defines no split.
        seed: another seed, another split.
        fold: of a split "leave-plate-out" and the like, which plate is tested on: its number, from 0, in the order of
            their names. The name that a run records, "leave-plate-out:plate-1", says it too.
        train_list: file with the name of a training example at the start of each line; with the two others it makes a
            split of its own, called `name`, and examples in none of the three are left out.
        validation_list: likewise.
        test_list: likewise.
    """

    name: str = ""
    group_by: str = ""
    validation: float = 0.1
    test: float = 0.2
    seed: int = 0
    fold: int = 0
    train_list: str = ""
    validation_list: str = ""
    test_list: str = ""

    @property
    def lists(self) -> dict[str, str]:
        """File of each part, where they are given."""
        lists = {"train": self.train_list, "validation": self.validation_list, "test": self.test_list}
        return {part: path for part, path in lists.items() if path}

    def __post_init__(self) -> None:
        if not (self.validation > 0 and self.test > 0 and self.validation + self.test < 1):
            raise ConfigError(
                "split.validation and split.test need to be above 0 and below 1 together. "
                f"Received: {self.validation} and {self.test}"
            )
        if self.lists and (len(self.lists) < 3 or not self.name):
            raise ConfigError(
                "A split of lists needs split.name, split.train_list, split.validation_list and split.test_list. "
                f"Received: name '{self.name}', {', '.join(f'{part}_list' for part in self.lists)}"
            )


@dataclass(frozen=True)
class TrainerConfig:
    """How a network is trained.

    Attributes:
        n_epochs: passes over the training split.
        global_batch_size: examples of one step over all ranks; fixed for the life of a run.
        optimizer: "adam", "adamw", "sgd" (with Nesterov momentum 0.9) or "lamb", Adam scaled layer by layer, for global
            batches of thousands.
        learning_rate: at its highest, but for `learning_rate_rule`.
        learning_rate_rule: what the global batch makes of `learning_rate`, which is that of `base_batch_size` examples:
            "none"; "linear", as many times as high as the batch is larger, to which the warm-up leads from
            `learning_rate` (Goyal et al. 2017); "sqrt", the square root of as many times.
        base_batch_size: examples of a global batch that `learning_rate` is for.
        weight_decay: of "adamw"; has no meaning for the others.
        schedule: "constant"; "cosine", down to 0; "plateau", times `plateau_factor` when the primary metric rests.
        warmup_epochs: passes over which the learning rate rises, from 0 or as `learning_rate_rule` says.
        plateau_factor: what a plateau multiplies the learning rate by.
        plateau_patience: epochs without progress that make a plateau.
        batch_norm_momentum: what is kept of batch norm's moving statistics at each step; Keras's own 0.99 is still far
            behind the network after a few hundred steps.
        batch_norm: whose moments a batch norm normalises by while it trains: "per-rank", each rank by those of its own
            share; "cross-rank", by those of the global batch. The moving statistics of the ranks are averaged before a
            validation, and before a model is kept.
        n_accumulations: parts of a rank's share that are computed one after the other before one update, for global
            batches that do not fit into memory; batch norm sees a part.
        all_reduce_dtype: of gradients on their way between ranks: "float32"; "float16", half as many bytes, scaled so
            that no sum is too large.
        n_readers: threads of a rank that read ahead.
        sharding: which examples a rank sees. "partition": every global batch is the same set for any number of ranks,
            and each rank has its part of it. "independent": each rank shuffles all examples with a seed of its own and
            takes as many as its share, again each epoch, so that with P ranks an epoch sees 1-(1-1/P)^P of them.
            "shard-local": the shards of a packed store are dealt to the ranks anew each epoch, and examples are
            permuted among `order_buffer_shards` of them; each rank reads its own shards alone.
        order: of "partition". "exact", a permutation of all training examples in each epoch; "shards", for a packed
            store that is laid out for the run's split: its shards are permuted, each is read once an epoch from one end
            to the other, and examples are permuted among as many of them as are read together.
        order_buffer_shards: shards that "shards" and "shard-local" read together; twice as many are in memory.
        augment: whether the task's augmentation is applied.
        checkpoint_every_s: seconds after which a checkpoint is written within an epoch; each epoch ends with one.
    """

    n_epochs: int = 4
    global_batch_size: int = 32
    optimizer: Optimizer = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    learning_rate_rule: RateRule = "none"
    base_batch_size: int = 32
    schedule: Schedule = "plateau"
    warmup_epochs: float = 0.0
    plateau_factor: float = 0.1
    plateau_patience: int = 1
    batch_norm_momentum: float = 0.9
    batch_norm: BatchNorm = "per-rank"
    n_accumulations: int = 1
    all_reduce_dtype: WireType = "float32"
    n_readers: int = 2
    sharding: Sharding = "partition"
    order: ExampleOrder = "exact"
    order_buffer_shards: int = 4
    augment: bool = True
    checkpoint_every_s: float = 600.0

    def __post_init__(self) -> None:
        sizes = ("global_batch_size", "base_batch_size", "n_accumulations", "order_buffer_shards")
        for name in ("n_epochs", *sizes, "plateau_patience", "n_readers", "learning_rate", "checkpoint_every_s"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"trainer.{name} needs a number above 0. Received: {getattr(self, name)}")
        for name in ("plateau_factor", "batch_norm_momentum"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"trainer.{name} needs a number between 0 and 1. Received: {getattr(self, name)}")
        if self.warmup_epochs < 0 or self.warmup_epochs >= self.n_epochs:
            raise ConfigError(
                f"trainer.warmup_epochs needs to be from 0 to below trainer.n_epochs={self.n_epochs}. "
                f"Received: {self.warmup_epochs}"
            )
        if self.weight_decay and self.optimizer != "adamw":
            raise ConfigError(f"trainer.weight_decay needs trainer.optimizer=adamw. Received: '{self.optimizer}'")
        if self.learning_rate_rule == "linear" and not self.warmup_epochs:
            raise ConfigError(
                "trainer.learning_rate_rule=linear needs trainer.warmup_epochs above 0, such as 5 (Goyal et al. 2017). "
                f"Received: {self.warmup_epochs}"
            )
        if self.order == "shards" and self.sharding != "partition":
            raise ConfigError(
                "trainer.order=shards needs trainer.sharding=partition; shard-local reads by shards by itself. "
                f"Received: '{self.sharding}'"
            )

    @property
    def by_shards(self) -> bool:
        """Whether examples are read shard by shard of a packed store."""
        return self.order == "shards" or self.sharding == "shard-local"


@dataclass(frozen=True)
class LaunchConfig:
    """Where the ranks of a run are, and how they use their cores: what `zoo tune` chooses for this machine.

    Attributes:
        n_ranks: processes over all hosts; where hosts are given and this is not, one for each slot.
        n_threads: TensorFlow's threads of a rank; 0 for one a core of the rank's share.
        n_streams: batches that a rank predicts at the same time.
        n_virtual_ranks: ranks that one process plays one after the other in each step, each with its own examples,
            augmentation and batch norm statistics: it learns what so many ranks would learn, in the time of one.
        hosts: machines with their slots, such as "a:2,b:2"; empty for this machine alone.
        ssh: command line that starts ssh, such as "ssh -p 2222".
        interface: network interface by which ranks on several hosts meet; empty for the first that has the same name
            on every host.
        n_restarts: how often a run goes on by itself, from its last checkpoint and with the slots that are left, after
            a rank was lost.
    """

    n_ranks: int = 1
    n_threads: int = 0
    n_streams: int = 1
    n_virtual_ranks: int = 1
    hosts: str = ""
    ssh: str = "ssh"
    interface: str = ""
    n_restarts: int = 0

    def __post_init__(self) -> None:
        if self.n_ranks < 1:
            raise ConfigError(f"-np (launch.n_ranks) needs a number above 0. Received: {self.n_ranks}")
        if self.n_threads < 0:
            raise ConfigError(
                f"launch.n_threads needs a number above 0, or 0 for one a core. Received: {self.n_threads}"
            )
        if self.n_streams < 1:
            raise ConfigError(f"launch.n_streams needs a number above 0. Received: {self.n_streams}")
        if self.n_virtual_ranks < 1:
            raise ConfigError(f"launch.n_virtual_ranks needs a number above 0. Received: {self.n_virtual_ranks}")
        if self.n_virtual_ranks > 1 and self.n_ranks > 1:
            raise ConfigError(
                "launch.n_virtual_ranks are played by one process, -np 1. "
                f"Received: {self.n_virtual_ranks} virtual ranks and -np {self.n_ranks}"
            )
        if self.n_restarts < 0:
            raise ConfigError(f"--restarts (launch.n_restarts) needs a number from 0. Received: {self.n_restarts}")
        ssh_words(self.ssh)
        if self.hosts:
            fill_slots(parse_hosts(self.hosts), self.n_ranks)


@dataclass(frozen=True)
class StoreConfig:
    """Whether a run packs its data set first, at the network's size, and trains on the store.

    Attributes:
        when: "slow", where its files are read more slowly than the model trains and that would cost minutes; "always";
            "never". A store that a run before has packed is used again, but for "never".
        folder: that holds the stores, each in a folder of its own.
    """

    when: StoreUse = "slow"
    folder: str = "stores"

    def __post_init__(self) -> None:
        if not self.folder:
            raise ConfigError("store.folder needs the name of a folder. Received: an empty one")


@dataclass(frozen=True)
class ReportConfig:
    """What the report and the model card show; it changes nothing that is computed.

    Attributes:
        licence: under which the trained weights may be used, such as "apache-2.0" or "cc-by-4.0"; empty where nobody
            has given them one, and the model card then says so.
        thumbnails: whether images of examples that are not drawn may be shown.
    """

    licence: str = ""
    thumbnails: bool = False

    def __post_init__(self) -> None:
        if not self.licence.isprintable():
            raise ConfigError(f"report.licence needs one line of text. Received: {self.licence!r}")


@dataclass(frozen=True)
class RunConfig:
    """All that decides what a run computes.

    Attributes:
        seed: of the weights, the order of examples and the augmentation; it stands above all sections.
        task: what is asked.
        data: the examples.
        topology: the network.
        precision: the numbers it computes with.
        split: how examples are parted.
        trainer: how the network is trained.
        launch: where the ranks are.
        store: whether the examples are packed first.
        report: what is shown of it.
    """

    task: Choice
    data: Choice
    topology: TopologyChoice
    precision: Choice
    seed: int = 0
    split: SplitConfig = field(default_factory=SplitConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    launch: LaunchConfig = field(default_factory=LaunchConfig)
    store: StoreConfig = field(default_factory=StoreConfig)
    report: ReportConfig = field(default_factory=ReportConfig)

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ConfigError(f"seed needs a number from 0. Received: {self.seed}")
        n_ranks = max(self.launch.n_ranks, self.launch.n_virtual_ranks)
        if n_ranks * self.trainer.n_accumulations > self.trainer.global_batch_size:
            parts = (
                f" and each of {self.trainer.n_accumulations} accumulations" if self.trainer.n_accumulations > 1 else ""
            )
            raise ConfigError(
                f"trainer.global_batch_size needs at least one example a rank{parts}, "
                f"{n_ranks * self.trainer.n_accumulations} in all. Received: {self.trainer.global_batch_size}"
            )
