"""What occurred before, in bounded memory: keys of any kind, and trajectories that repeat another nearly."""

from lemma_steps.duplicates.first_seen import FirstSeen
from lemma_steps.duplicates.occurrences import Occurrences
from lemma_steps.duplicates.rows import SeenRows
from lemma_steps.duplicates.trajectories import NEAR, Duplicate, SeenTrajectories

__all__ = ["NEAR", "Duplicate", "FirstSeen", "Occurrences", "SeenRows", "SeenTrajectories"]
