// SPDX-License-Identifier: MIT
int used_by_the_program();

int main() {
    return used_by_the_program();
}
