"""What the tests of drawn plates share."""
