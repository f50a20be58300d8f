// Colours of the lines of a plot, told apart with any colour vision; they also differ in dashes.

export const INKS = ["#0b6e99", "#c2570c", "#6d4fc2", "#2b8a5a", "#b5307a", "#7a6a00", "#3c6cd6", "#8f3b1b", "#4d7d7d", "#777777"];
