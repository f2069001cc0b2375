"""What a user did that cannot be carried out, said in one sentence."""


class UserError(Exception):
    """Bad input: the message says what was expected, what was got and what to do.

    The command line prints the message alone and exits with status 2.
    """
