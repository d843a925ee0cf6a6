"""`make soak`: a box under calls for as long as one likes, half of the time with processes killed."""
