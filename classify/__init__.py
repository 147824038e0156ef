"""Reading comments: language, sentiment, categories, and what is asked for, in which words."""
