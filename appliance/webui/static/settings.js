// The settings: how the phone lines are is fetched anew with every event (events.js).

import "./events.js";
