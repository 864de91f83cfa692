// What Fashion-MNIST calls its classes, in the order of the labels; and whether a name is its own.

export const FASHION_MNIST_CLASSES = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
] as const;

/** Whether a file or folder is called Fashion-MNIST by its own name, not by that of a folder that it lies in. */
export function saysFashion(path: string): boolean {
  const name = path.replace(/[\\/]+$/, "").replace(/^.*[\\/]/, "");
  return /fashion[-_ ]?mnist/i.test(name);
}
