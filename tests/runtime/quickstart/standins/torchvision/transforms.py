"""Stand-in for torchvision.transforms: the three the app uses, by their definitions."""

import torch


class ToTensor:
    """(height, width, channels) bytes to (channels, height, width) floats in [0, 1]."""

    def __call__(self, image):
        return torch.tensor(image).permute(2, 0, 1).float() / 255


class Normalize:
    """Subtract `mean` from each channel and divide by `std`."""

    def __init__(self, mean, std):
        self.mean = torch.tensor(mean)[:, None, None]
        self.std = torch.tensor(std)[:, None, None]

    def __call__(self, image):
        return (image - self.mean) / self.std


class Compose:
    """One transform after the other."""

    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, image):
        for transform in self.transforms:
            image = transform(image)
        return image
