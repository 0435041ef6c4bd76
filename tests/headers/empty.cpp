// A program without a line of its own, for the header that the command line includes.
