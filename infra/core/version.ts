/** The version of this project: of the program, its plugin, the command and the chart. As in `package.json`. */
export const version = "0.1.0";
