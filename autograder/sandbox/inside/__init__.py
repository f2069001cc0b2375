"""What runs inside the wall: the zygote, its forks, and the kernel in each fork.

serve       the zygote: imports once, forks on request
fork        one fork: second wall, supervisor, kernel
wall        the second wall: namespaces and mounts of one submission
supervisor  the fork's first process: kills what lives too long or uses too much
kernel      an ordinary IPython kernel on sockets that the grader opened
system      the system calls that Python does not have
seccomp     system calls that no submission needs
look        what can be seen and done from here: the test of the wall

Nothing here is imported by the grader's own process, except the shape of a request.
"""
