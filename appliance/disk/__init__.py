"""Process foyer-disk: stops and resumes recording by the space on the data disk. A timer starts it anew each
time, so that it holds with every process that stays dead.
"""
