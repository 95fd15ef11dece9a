"""Series to answers: readings, the barometer, claims, explanations, citations, and the words for them."""
