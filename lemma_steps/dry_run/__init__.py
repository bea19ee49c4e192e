"""What a run would ask and cost, from a rehearsal of a sample of its problems. Nothing is called."""

from lemma_steps.dry_run.estimate import LONGER, StepEstimate
from lemma_steps.dry_run.report import DryRun, dollars
from lemma_steps.dry_run.run import dry_run, spread, stand_in

__all__ = ["LONGER", "DryRun", "StepEstimate", "dollars", "dry_run", "spread", "stand_in"]
