"""How the networks of a committee are trained.

From the outside in: `selection` chooses transformations by a race, `committee` trains
the members on folds, `solver` and `mlp` train one of them, `stream` goes on with rows
that come by and by. `spring` is the natural-gradient algorithm, `schedule` its plan,
`evidence` and `gaussian_process` are what helps where rows are few. Every number that
was tuned stands in `defaults`.
"""
