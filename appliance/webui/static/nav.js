// The frame of every page: how many messages wait is kept up to date by what the box says.

import "./events.js";
