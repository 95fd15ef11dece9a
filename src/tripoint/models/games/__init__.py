"""How much power does each player of a cooperative game have, and which shares can nobody object to?"""
