"""The pages, one file each. A page declares its routes in `routes(web)`; app.py lists them."""
