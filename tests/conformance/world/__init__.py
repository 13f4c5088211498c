"""Systems of other people, judged as a test of the kit and not of them."""
