"""How much can flow through a network, at what gain, and what is lost when parts of it close?"""
