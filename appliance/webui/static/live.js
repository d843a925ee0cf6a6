// The live page: its board is fetched anew with every event (events.js), and its times count on by themselves (clock.js).

import "./events.js";
import "./clock.js";
