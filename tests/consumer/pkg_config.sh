# SPDX-License-Identifier: MIT
c++ -std=c++23 main.cpp $(pkg-config --cflags --libs eventp) -o app
