"""The offline teacher: errors made, found and corrected by rule."""

from lemma_steps.llms.offline.teacher import OfflineTeacher

__all__ = ["OfflineTeacher"]
