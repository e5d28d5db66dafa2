/** The floor: nothing reads the text for less. To /dev/null, for measure()'s file would make a copy of a gigabyte. */
export const cat = {
  name: "cat > /dev/null",
  id: "cat",
  unavailable: () => null,
  command: ({ traceFile }) => ["sh", "-c", 'exec cat "$1" > /dev/null', "sh", traceFile],
};
