"""The classroom: a JupyterHub for one course, on one machine.

    autograder hub --course DIR

`start` checks the course folder (and `running`, whether it runs already) and becomes
JupyterHub, which reads `jupyterhub_config`, put together from the modules here:

* `people`          who may log in, as what, and as which user of the system
* `folders`         where things stand on the machine; `layout`: in a server's eyes
* `enclosure`       the wall around every server, `inside`: its first process
* `spawner`         JupyterHub's way to start a student's server in it
* `jupyter_files`   what is switched on in whose JupyterLab
* `grader_service`  the server that the staff share: the course folder and formgrader
* `services`        that one, the one that stops idle servers, and who may do what
* `authentication`  logging in, by the roster, with a first password (`first_passwords`)
* `limits`          what one server may use, and which means this system has

Inside the servers run `validate` (our messages in the Validate dialog), `hand_in` (one
sentence if Submit fails), `files` (a limit on uploads) and, for the staff, `formgrader`
(its buttons grade with our grader) and `formgrader_pages` (nothing of a student's runs
in them).
"""
