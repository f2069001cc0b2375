"""What instructors and teaching assistants run: build, verify and grade labs.

The command line is `autograder --help`; each command is one function of a package:
`authoring` (lab source to student notebook), `judging` (tests on our side of the wall),
`proving` (the kill matrix), `grading` (submissions to marks) and `reports` (tables and
files that people read).
"""
