"""What a course knows beside its labs: deadlines, students, where hand-ins come from.

`course.yaml` says when a lab is due and what lateness costs, `students.csv` who is in
the course, and `intake` turns what a platform lets one download into `submitted/`.
"""

from autograder.course.classroom import GradeOnSubmit, HubSettings, Staff
from autograder.course.lateness import GraceDays, LateRules, Penalty, Tier, late_penalty
from autograder.course.roster import Student, read_roster
from autograder.course.settings import CourseSettings, read_settings

__all__ = [
    "CourseSettings",
    "GraceDays",
    "GradeOnSubmit",
    "HubSettings",
    "LateRules",
    "Penalty",
    "Staff",
    "Student",
    "Tier",
    "late_penalty",
    "read_roster",
    "read_settings",
]
