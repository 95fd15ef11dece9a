"""How do several series move each other over time: who leads whom, and what follows a shock?"""
