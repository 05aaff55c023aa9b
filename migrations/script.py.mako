<%!
    # Plain `alembic revision` writes what `invoke revision` writes: templates/script.py.j2.
    from calista_tools.authoring.bridge import render
%>${render(context.kwargs)}\
