"""Who may use the page: by password, or as a proxy says. It stands in front of every route, Gradio's included."""
