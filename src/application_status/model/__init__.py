"""The rules, free of I/O and of libraries: values in, values or an error out."""
